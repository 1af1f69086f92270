#include "server/cmd.h"

#include "proto/address.h"

#include <arpa/inet.h>

/* 0.0.0.0 and [::] in each way of writing them. */
static bool is_wildcard(const struct address *address)
{
    struct in_addr four;
    if (inet_aton(address->host, &four) != 0) {
        return four.s_addr == INADDR_ANY;
    }
    struct in6_addr six;
    return inet_pton(AF_INET6, address->host, &six) == 1 && IN6_IS_ADDR_UNSPECIFIED(&six);
}

const char *cmd_address_fault(const char *text)
{
    if (strstr(text, "://") != NULL) {
        return "it must be HOST:PORT, without http:// or the like in front";
    }
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c > 0x7f) {
            return "the host must be written in ASCII (xn--...)";
        }
    }
    struct address address;
    if (address_parse(span_of(text, strlen(text)), &address) != STATUS_OK) {
        return "it must be HOST:PORT or [HOST]:PORT";
    }
    if (!address.bracketed && strchr(address.host, ':') != NULL) {
        return "an IPv6 address must be in brackets: [HOST]:PORT";
    }
    if (address.port == 0) {
        return "port 0 lets the kernel choose a port that nobody knows";
    }
    if (is_wildcard(&address)) {
        return "it stands for every address of this machine; say by which one clients reach it: "
               "--address HOST:PORT";
    }
    return address_of_server(text, &address) == STATUS_OK
               ? NULL
               : "the host has characters that no host name has";
}
