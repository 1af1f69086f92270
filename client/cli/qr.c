#include "client/cli/qr.h"

#include "keys/public/bytes/wipe.h"

#include <langinfo.h>
#include <qrencode.h>
#include <string.h>

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

enum status qr_draw(struct cli *cli, const char *text)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (code == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) {
        draw_halves(cli->out, code);
    } else {
        draw_ascii(cli->out, code);
    }
    wipe(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return STATUS_OK;
}
