#include "proto/address.h"

#include "proto/number.h"

enum status address_parse(struct span text, struct address *out_address)
{
    size_t colon = text.size;
    while (colon > 0 && text.data[colon - 1] != ':') {
        colon--;
    }
    uint64_t port = 0;
    if (colon == 0 ||
        !number_parse(span_of(text.data + colon, text.size - colon), 0, UINT16_MAX, &port)) {
        return STATUS_MALFORMED;
    }
    struct span host = span_of(text.data, colon - 1);
    bool bracketed = host.size > 0 && host.data[0] == '[';
    if (bracketed) {
        if (host.size < 3 || host.data[host.size - 1] != ']') {
            return STATUS_MALFORMED;
        }
        host = span_of(host.data + 1, host.size - 2);
    }
    if (host.size == 0 || host.size > ADDRESS_HOST_CHARS_MAX ||
        memchr(host.data, '\0', host.size) != NULL) {
        return STATUS_MALFORMED;
    }
    *out_address = (struct address){.bracketed = bracketed, .port = (uint16_t)port};
    memcpy(out_address->host, host.data, host.size);
    return STATUS_OK;
}

enum status address_of_server(const char *text, struct address *out_address)
{
    enum status status = address_parse(span_of(text, strlen(text)), out_address);
    if (status != STATUS_OK || out_address->port == 0) {
        return STATUS_MALFORMED;
    }
    for (const char *c = out_address->host; *c != '\0'; c++) {
        bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                      (*c >= '0' && *c <= '9') || *c == '.' || *c == '-' || *c == '_';
        if (!letter && !(out_address->bracketed && (*c == ':' || *c == '%'))) {
            return STATUS_MALFORMED;
        }
    }
    return STATUS_OK;
}
