#include "client/agent/address.h"

#include <errno.h>

enum status address_parse(const char *text, struct address *out)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    char *end = NULL;
    unsigned long port;

    if (size == 0 || colon[1] < '0' || colon[1] > '9') {
        return STATUS_MALFORMED;
    }
    errno = 0;
    port = strtoul(colon + 1, &end, 10);
    if (errno != 0 || *end != '\0' || port == 0 || port > UINT16_MAX) {
        return STATUS_MALFORMED;
    }
    if (text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    }
    if (size == 0 || size > ADDRESS_HOST_CHARS_MAX) {
        return STATUS_MALFORMED;
    }
    memcpy(out->host, text, size);
    out->host[size] = '\0';
    out->port = (uint16_t)port;
    return STATUS_OK;
}
