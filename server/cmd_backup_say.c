#include "server/cmd_backup_say.h"

#include "keys/public/bytes/hex.h"
#include "server/core/clock.h"

#include <inttypes.h>

static void print_json_text(const char *text)
{
    (void)putchar('"');
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') {
            (void)printf("\\%c", byte);
        } else if (byte < ' ') {
            (void)printf("\\u%04x", byte);
        } else {
            (void)putchar(byte);
        }
    }
    (void)putchar('"');
}

static int code_of(enum status status)
{
    static const struct {
        enum status status;
        int code;
    } codes[] = {
        {STATUS_OK, CMD_OK},
        {STATUS_USAGE, CMD_USAGE},
        {STATUS_NOT_FOUND, CMD_NOT_FOUND},
        {STATUS_CORRUPT, CMD_ALARM},
        {STATUS_REWOUND, CMD_ALARM},
        {STATUS_BAD_SIGNATURE, CMD_ALARM},
        {STATUS_MALFORMED, CMD_ALARM},
        {STATUS_REFUSED, CMD_ALARM},
        {STATUS_WRONG_KEY, CMD_ALARM},
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (codes[i].status == status) {
            return codes[i].code;
        }
    }
    return CMD_FAILED;
}

int cmd_backup_fail(bool json, const char *what, enum status status, const struct trouble *trouble)
{
    const char *text = trouble->text[0] == '\0' ? status_reason(status) : trouble->text;
    if (json) {
        (void)printf("{\"status\":\"%s\",\"reason\":", status_name(status));
        print_json_text(text);
        (void)printf("}\n");
    } else {
        (void)fprintf(stderr, "alcoved %s: %s.\n", what, text);
    }
    return code_of(status);
}

static uint64_t bytes_of(const struct manifest *manifest)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        bytes += manifest->files[i].size;
    }
    return bytes;
}

static void say_json(const char *folder, const struct check_report *report)
{
    const struct manifest *manifest = &report->manifest;
    char practice[HEX_CHARS(HASH_BYTES) + 1];
    hex_encode(ID_SPAN(&manifest->practice), practice);
    (void)printf("{\"status\":\"OK\",\"folder\":");
    print_json_text(folder);
    (void)printf(",\"practice\":\"%s\",\"time_ms\":%" PRIu64 ",\"format\":%" PRIu32
                 ",\"bytes\":%" PRIu64 ",\"sealed\":%s,\"signed_statements\":%" PRIu64
                 ",\"signed_events\":%" PRIu64 ",\"looked_inside\":%s",
                 practice, manifest->time_ms, manifest->format, bytes_of(manifest),
                 manifest->sealed ? "true" : "false", manifest->heads[0].size,
                 manifest->heads[1].size, report->looked_inside ? "true" : "false");
    if (report->looked_inside) {
        (void)printf(",\"statements\":%" PRIu64 ",\"events\":%" PRIu64 ",\"revisions\":%" PRIu64,
                     report->contents.sizes[0], report->contents.sizes[1],
                     report->contents.revisions);
    }
    (void)printf("}\n");
}

void cmd_backup_say(bool json, const char *folder, const struct check_report *report, bool made)
{
    const struct manifest *manifest = &report->manifest;
    if (json) {
        say_json(folder, report);
        return;
    }
    char practice[HEX_CHARS(HASH_BYTES) + 1];
    hex_encode(ID_SPAN(&manifest->practice), practice);
    char time[CLOCK_TEXT_BYTES];
    (void)printf("%s: %s backup of practice %s, begun %s, %" PRIu64 " bytes%s.\n", folder,
                 made ? "a" : "a good", practice, clock_text(manifest->time_ms, time),
                 bytes_of(manifest), manifest->sealed ? ", encrypted" : "");
    if (report->looked_inside) {
        (void)printf("Proved: its signature, every file, %" PRIu64 " statements, %" PRIu64
                     " events, %" PRIu64 " revisions, and the signed heads of both logs.\n",
                     report->contents.sizes[0], report->contents.sizes[1],
                     report->contents.revisions);
    } else {
        (void)printf("Proved: its signature and every file as it was encrypted; what is in them "
                     "%s\n",
                     made ? "is for `alcoved backup --check` with --identity."
                          : "was not looked at: give --identity FILE, age's key.");
    }
}
