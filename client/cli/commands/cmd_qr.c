#include "client/cli/cli.h"

#include "client/cli/command.h"
#include "client/cli/files.h"
#include "keys/private/invitation.h"
#include "keys/public/bytes/wipe.h"

#include <langinfo.h>
#include <qrencode.h>

#define QUIET_MODULES 2 /* light border around the code, so that a camera finds it */

static bool is_dark(const QRcode *code, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < code->width && y < code->width;
    return inside && (code->data[y * code->width + x] & 1u) != 0;
}

/* Two rows of modules in one line of text. Light is drawn and dark left out, since most
 * terminals are dark; a reader takes either. */
static void draw_halves(FILE *out, const QRcode *code)
{
    static const char *const halves[] = {"\xe2\x96\x88", "\xe2\x96\x84", "\xe2\x96\x80", " "};
    for (int y = -QUIET_MODULES; y < code->width + QUIET_MODULES; y += 2) {
        for (int x = -QUIET_MODULES; x < code->width + QUIET_MODULES; x++) {
            bool upper = is_dark(code, x, y);
            bool lower = is_dark(code, x, y + 1);
            (void)fputs(halves[(upper ? 1 : 0) + (lower ? 2 : 0)], out);
        }
        (void)fputc('\n', out);
    }
}

static void draw_ascii(FILE *out, const QRcode *code)
{
    for (int y = -QUIET_MODULES; y < code->width + QUIET_MODULES; y++) {
        for (int x = -QUIET_MODULES; x < code->width + QUIET_MODULES; x++) {
            (void)fputs(is_dark(code, x, y) ? "  " : "##", out);
        }
        (void)fputc('\n', out);
    }
}

static int draw(struct cli *cli, const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (code == NULL) {
        return cli_fail(cli, SAY_PICTURE, STATUS_NO_MEMORY);
    }
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) {
        draw_halves(cli->out, code);
    } else {
        draw_ascii(cli->out, code);
    }
    wipe(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return CLI_OK;
}

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
        code = draw(cli, text_secret);
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
