#include "server/config.h"

#include "keys/public/bytes/disk.h"
#include "proto/address.h"
#include "proto/limits.h"
#include "proto/number.h"
#include "server/paths.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* When a server that runs takes a value that has changed. */
enum config_taken { CONFIG_RESTART, CONFIG_LIVE, CONFIG_GROWS };

enum config_kind {
    CONFIG_U32,
    CONFIG_U64,
    CONFIG_LISTEN,
    CONFIG_ORIGIN,
    CONFIG_TEXT,
    CONFIG_SANDBOX
};

/* Every key: when it is taken, the field it sets and the values it may have. */
static const struct {
    const char *key;
    enum config_taken taken;
    enum config_kind kind;
    size_t offset;
    uint64_t least;
    uint64_t most;
} KEYS[] = {
    {"listen", CONFIG_RESTART, CONFIG_LISTEN, 0, 0, 0},
    {"origin", CONFIG_LIVE, CONFIG_ORIGIN, 0, 0, 0},
    {"signer-socket", CONFIG_RESTART, CONFIG_TEXT, offsetof(struct config, signer_socket), 0, 0},
    {"require-sandbox", CONFIG_RESTART, CONFIG_SANDBOX, 0, 0, 0},
    {"threads", CONFIG_RESTART, CONFIG_U32, offsetof(struct config, threads), 1, 64},
    {"map-mib", CONFIG_GROWS, CONFIG_U64, offsetof(struct config, map_mib), 1, 16u * 1024u * 1024u},
    {"connections-max", CONFIG_RESTART, CONFIG_U32, offsetof(struct config, connections_max), 1,
     1000000},
    {"connections-per-address-max", CONFIG_LIVE, CONFIG_U32,
     offsetof(struct config, connections_per_address_max), 1, 1000000},
    {"requests-owed-max", CONFIG_LIVE, CONFIG_U32, offsetof(struct config, requests_owed_max), 1,
     1024},
    {"login-timeout-ms", CONFIG_LIVE, CONFIG_U32, offsetof(struct config, login_timeout_ms), 100,
     60000},
    {"message-timeout-ms", CONFIG_LIVE, CONFIG_U32, offsetof(struct config, message_timeout_ms),
     100, 60000},
    {"ping-after-ms", CONFIG_LIVE, CONFIG_U32, offsetof(struct config, ping_after_ms), 1000,
     3600000},
    {"lines-per-hour", CONFIG_LIVE, CONFIG_U32, offsetof(struct config, lines_per_hour), 0,
     1000000},
};

void config_default(struct config *out)
{
    memset(out, 0, sizeof *out);
    out->threads = 2;
    out->map_mib = 64u * 1024u;
    out->connections_max = CONNECTIONS_MAX;
    out->connections_per_address_max = CONNECTIONS_PER_ADDRESS_MAX;
    out->requests_owed_max = REQUESTS_OWED_MAX;
    out->login_timeout_ms = LOGIN_TIMEOUT_MS;
    out->message_timeout_ms = MESSAGE_TIMEOUT_MS;
    out->ping_after_ms = 30000;
    out->lines_per_hour = LINES_PER_HOUR;
}

enum status config_listen(const char *text, char *out_host, size_t host_bytes, uint16_t *out_port)
{
    struct address address;
    if (address_parse(span_of(text, strlen(text)), &address) != STATUS_OK ||
        strlen(address.host) >= host_bytes) {
        return STATUS_MALFORMED;
    }
    for (const char *c = address.host; *c != '\0'; c++) {
        /* Neither http://HOST nor an IPv6 address without brackets is one. */
        if (*c == '/' || (*c == ':' && !address.bracketed) || (unsigned char)*c > 0x7f) {
            return STATUS_MALFORMED;
        }
    }
    memcpy(out_host, address.host, strlen(address.host) + 1);
    *out_port = address.port;
    return STATUS_OK;
}

static bool set_text(char *out, size_t capacity, const char *value)
{
    int n = snprintf(out, capacity, "%s", value);
    return n > 0 && (size_t)n < capacity;
}

static bool set_value(struct config *config, size_t row, const char *value)
{
    uint8_t *at = (uint8_t *)config + KEYS[row].offset;
    switch (KEYS[row].kind) {
    case CONFIG_LISTEN:
        return config_listen(value, config->host, sizeof config->host, &config->port) == STATUS_OK;
    case CONFIG_ORIGIN:
        if (config->origin_count == CONFIG_ORIGINS_MAX) {
            return false;
        }
        at = (uint8_t *)config->origins[config->origin_count++];
        return set_text((char *)at, CONFIG_TEXT_CHARS_MAX + 1, value);
    case CONFIG_TEXT:
        return set_text((char *)at, CONFIG_TEXT_CHARS_MAX + 1, value);
    case CONFIG_SANDBOX:
        config->require_sandbox = strcmp(value, "yes") == 0;
        return config->require_sandbox || strcmp(value, "no") == 0;
    case CONFIG_U32:
    case CONFIG_U64:
        break;
    }
    uint64_t number = 0;
    if (!number_of(value, KEYS[row].least, KEYS[row].most, &number)) {
        return false;
    }
    if (KEYS[row].kind == CONFIG_U32) {
        uint32_t small = (uint32_t)number;
        memcpy(at, &small, sizeof small);
    } else {
        memcpy(at, &number, sizeof number);
    }
    return true;
}

static char *trim(char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    size_t size = strlen(text);
    while (size > 0 &&
           (text[size - 1] == ' ' || text[size - 1] == '\t' || text[size - 1] == '\r')) {
        text[--size] = '\0';
    }
    return text;
}

/* NULL, or what is wrong with the line. |seen| keeps a key from being given twice. */
static const char *read_line(struct config *config, char *line, uint32_t *seen)
{
    char *text = trim(line);
    char *equals = strchr(text, '=');
    if (text[0] == '\0' || text[0] == '#') {
        return NULL;
    }
    if (equals == NULL) {
        return "not of the form `key = value`";
    }
    *equals = '\0';
    char *key = trim(text);
    for (size_t row = 0; row < ARRAY_LEN(KEYS); row++) {
        if (strcmp(KEYS[row].key, key) != 0) {
            continue;
        }
        if (KEYS[row].kind != CONFIG_ORIGIN && (*seen >> row & 1u) != 0) {
            return "given twice";
        }
        *seen |= 1u << row;
        return set_value(config, row, trim(equals + 1)) ? NULL : "the value is not allowed";
    }
    return "unknown key";
}

/* All lines of |text|, which is written to. */
static enum status read_lines(const char *path, char *text, struct config *out, char *out_error,
                              size_t error_bytes)
{
    enum status status = STATUS_OK;
    char *next;
    uint32_t seen = 0;
    unsigned number = 0;
    for (char *line = text; line != NULL && status == STATUS_OK; line = next) {
        next = strchr(line, '\n');
        if (next != NULL) {
            *next++ = '\0';
        }
        number++;
        const char *wrong = read_line(out, line, &seen);
        if (wrong != NULL) {
            (void)snprintf(out_error, error_bytes, "%s line %u: %.80s: %s", path, number,
                           trim(line), wrong);
            status = STATUS_MALFORMED;
        }
    }
    /* No default: on a port that the kernel chose no client would ever find this server. */
    if (status == STATUS_OK && out->host[0] == '\0') {
        (void)snprintf(out_error, error_bytes, "%s: `listen = HOST:PORT` is missing", path);
        status = STATUS_MALFORMED;
    }
    return status;
}

enum status config_parse(const char *path, char *text, size_t size, struct config *out,
                         char *out_error, size_t error_bytes)
{
    config_default(out);
    if (strlen(text) != size) {
        /* Text behind a zero byte would be ignored without anybody knowing. */
        (void)snprintf(out_error, error_bytes, "%s: a zero byte; this is not a text file", path);
        return STATUS_MALFORMED;
    }
    if (strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) {
        /* Else the first key is called unknown, and looks like any other. */
        (void)snprintf(out_error, error_bytes,
                       "%s begins with a byte order mark (U+FEFF); save it without", path);
        return STATUS_MALFORMED;
    }
    return read_lines(path, text, out, out_error, error_bytes);
}

enum status config_read(const char *path, struct config *out, char *out_error, size_t error_bytes)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = disk_read_path(path, CONFIG_FILE_BYTES_MAX, &bytes, &size);
    if (status != STATUS_OK) {
        config_default(out);
        (void)snprintf(out_error, error_bytes, "%s cannot be read", path);
        return status;
    }
    status = config_parse(path, (char *)bytes, size, out, out_error, error_bytes);
    free(bytes);
    return status;
}

/* Whether |row| is another in |a| than in |b|. */
static bool differs(size_t row, const struct config *a, const struct config *b)
{
    const size_t at = KEYS[row].offset;
    switch (KEYS[row].kind) {
    case CONFIG_LISTEN:
        return strcmp(a->host, b->host) != 0 || a->port != b->port;
    case CONFIG_ORIGIN:
        /* Each is zero behind its text: config_default began with zeros. */
        return a->origin_count != b->origin_count ||
               memcmp(a->origins, b->origins, sizeof a->origins) != 0;
    case CONFIG_TEXT:
        return strcmp((const char *)a + at, (const char *)b + at) != 0;
    case CONFIG_SANDBOX:
        return a->require_sandbox != b->require_sandbox;
    case CONFIG_U32:
        return memcmp((const uint8_t *)a + at, (const uint8_t *)b + at, sizeof(uint32_t)) != 0;
    case CONFIG_U64:
        return memcmp((const uint8_t *)a + at, (const uint8_t *)b + at, sizeof(uint64_t)) != 0;
    }
    return false;
}

/* Whether a server that works by |was| can take |row| of |now|. */
static bool takes(size_t row, const struct config *was, const struct config *now)
{
    return KEYS[row].taken == CONFIG_LIVE ||
           (KEYS[row].taken == CONFIG_GROWS && now->map_mib > was->map_mib);
}

size_t config_changes(const struct config *was, const struct config *now, bool at_once, char *out,
                      size_t capacity)
{
    out[0] = '\0';
    size_t count = 0;
    size_t used = 0;
    for (size_t row = 0; row < ARRAY_LEN(KEYS); row++) {
        if (!differs(row, was, now) || takes(row, was, now) != at_once) {
            continue;
        }
        const int n =
            snprintf(out + used, capacity - used, "%s%s", count == 0 ? "" : ", ", KEYS[row].key);
        CHECK(n > 0 && (size_t)n < capacity - used);
        used += (size_t)n;
        count++;
    }
    return count;
}

void config_take(struct config *config, const struct config *now)
{
    config->map_mib = now->map_mib > config->map_mib ? now->map_mib : config->map_mib;
    config->connections_per_address_max = now->connections_per_address_max;
    config->requests_owed_max = now->requests_owed_max;
    config->login_timeout_ms = now->login_timeout_ms;
    config->message_timeout_ms = now->message_timeout_ms;
    config->ping_after_ms = now->ping_after_ms;
    config->lines_per_hour = now->lines_per_hour;
    config->origin_count = now->origin_count;
    memcpy(config->origins, now->origins, sizeof config->origins);
}
