/*
 * DATA/alcoved.conf: `key = value` lines, `#` comments. Strict: an unknown key, a key
 * given twice or a value out of range is an error that names file and line, since a
 * mistyped limit must not silently be the default. Keys and defaults: alcoved.conf(5).
 */
#pragma once

#include "proto/status.h"

#define CONFIG_HOST_CHARS_MAX 255u
#define CONFIG_ORIGINS_MAX    16u
#define CONFIG_TEXT_CHARS_MAX 255u
#define CONFIG_FILE_BYTES_MAX (64u * 1024u)

struct config {
    char host[CONFIG_HOST_CHARS_MAX + 1];
    uint16_t port;
    uint32_t threads;
    uint64_t map_mib;
    uint32_t connections_max;
    uint32_t connections_per_address_max;
    uint32_t requests_owed_max;
    uint32_t login_timeout_ms;
    uint32_t message_timeout_ms;
    uint32_t ping_after_ms;
    bool require_sandbox; /* rather serve nobody than without one */
    uint32_t lines_per_hour;
    size_t origin_count;
    char origins[CONFIG_ORIGINS_MAX][CONFIG_TEXT_CHARS_MAX + 1];
    char signer_socket[CONFIG_TEXT_CHARS_MAX + 1]; /* empty: alcoved starts the signer */
};

void config_default(struct config *out_config);

/* Reads |path| over the defaults; `listen` has none. STATUS_MALFORMED: out_error names file, line
 * and key.
 * STATUS_NOT_FOUND, STATUS_IO. */
MUST_CHECK enum status config_read(const char *path, struct config *out_config, char *out_error,
                                   size_t error_bytes);

/* The same of a text in memory of |size| bytes, behind which stands a zero byte; it is written to.
 * |path| is its name for messages. STATUS_MALFORMED. */
MUST_CHECK enum status config_parse(const char *path, char *text, size_t size,
                                    struct config *out_config, char *out_error, size_t error_bytes);

/* The names of the keys that differ and, |at_once|, that a server which works by |was| can take
 * without a restart, or that it cannot; in the order of the table, with commas between. How many. */
#define CONFIG_CHANGES_BYTES 512u
size_t config_changes(const struct config *was, const struct config *now, bool at_once, char *out,
                      size_t capacity);
/* Sets in |config| what can be taken of |now| without a restart. */
void config_take(struct config *config, const struct config *now);

/* HOST:PORT or [HOST]:PORT; port 0 lets the kernel choose. STATUS_MALFORMED. */
MUST_CHECK enum status config_listen(const char *text, char *out_host, size_t host_bytes,
                                     uint16_t *out_port);
