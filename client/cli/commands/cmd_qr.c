#include "client/cli/cli.h"

#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/qr.h"
#include "keys/private/invitation.h"
#include "keys/public/bytes/wipe.h"

struct qr_values {
    const char *file;
};

static int run_qr(struct cli *cli, const void *given)
{
    const struct qr_values *values = given;
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status =
        files_read(values->file, cli->in, INVITATION_TEXT_CHARS_MAX, &bytes, &size);
    while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == ' ')) {
        size--;
    }
    if (status == STATUS_OK && invitation_code_kind(span_of(bytes, size)) == INVITATION_KIND_NONE) {
        status = STATUS_MALFORMED;
    }
    char text_secret[INVITATION_TEXT_CHARS_MAX + 1];
    int code;
    if (status == STATUS_OK) {
        memcpy(text_secret, bytes, size);
        text_secret[size] = '\0';
        status = qr_draw(cli, text_secret);
        code = status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_PICTURE, status);
        wipe(text_secret, sizeof text_secret);
    } else {
        code = cli_fail_at(cli, SAY_CODE_READ, values->file, status);
    }
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    return code;
}

static const struct option OPTIONS[] = {
    {"FILE|-", OPTION_INPUT, offsetof(struct qr_values, file), NULL,
     "the file with the code; - is standard input", &option_required},
};
static const struct option_table QR = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct qr_values)};

static const struct command COMMANDS[] = {
    {"qr", "show a code as a picture, for a camera", COMMAND_NEEDS_NOTHING, COMMAND_HERE, &QR, NULL,
     NULL, NULL, run_qr},
};
const struct command_list cmd_qr = {COMMANDS, ARRAY_LEN(COMMANDS)};
