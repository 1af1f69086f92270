#include "client/agent/address.h"

#include <errno.h>

/* Letters of names and numeric addresses; colons only where brackets say where they end. */
static bool host_is_sound(const char *text, size_t size, bool bracketed)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');

        if (!letter && c != '.' && c != '-' && c != '_' && !(bracketed && (c == ':' || c == '%'))) {
            return false;
        }
    }
    return size > 0 && size <= ADDRESS_HOST_CHARS_MAX;
}

enum status address_parse(const char *text, struct address *out)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon == NULL ? 0 : (size_t)(colon - text);
    char *end = NULL;
    bool bracketed = false;
    unsigned long port;

    if (size == 0 || colon[1] < '0' || colon[1] > '9') {
        return STATUS_MALFORMED;
    }
    errno = 0;
    port = strtoul(colon + 1, &end, 10);
    if (errno != 0 || *end != '\0' || port == 0 || port > UINT16_MAX) {
        return STATUS_MALFORMED;
    }
    if (size >= 2 && text[0] == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
        bracketed = true;
    }
    if (!host_is_sound(text, size, bracketed)) {
        return STATUS_MALFORMED;
    }
    memcpy(out->host, text, size);
    out->host[size] = '\0';
    out->port = (uint16_t)port;
    return STATUS_OK;
}
