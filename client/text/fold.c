#include "client/text/fold.h"

#include "client/text/step.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static bool is_space(const struct text_step *step)
{
    return step->kind == TEXT_BREAK || step->kind == TEXT_TAB ||
           uc_is_property_white_space(step->code);
}

/* What is left to be folded: well-formed, one blank for each run of blanks, nothing without a
 * mark. In place of three bytes at most stands one, so that three times the size is enough. */
static size_t tidy(struct span text, uint8_t *out)
{
    size_t size = 0;
    bool blank = false;
    struct text_step step;
    while (text_next(&text, &step)) {
        if (is_space(&step)) {
            blank = size > 0;
            continue;
        }
        if (uc_is_property_default_ignorable_code_point(step.code)) {
            continue;
        }
        if (blank) {
            out[size++] = ' ';
            blank = false;
        }
        int taken = u8_uctomb(out + size, step.code, 6);
        CHECK(taken > 0);
        size += (size_t)taken;
    }
    return size;
}

enum status text_fold(struct span text, uint8_t **out_bytes, size_t *out_size)
{
    /* A blank, one code point of three bytes for each bad byte, and room for the last. */
    uint8_t *tidied = malloc(4 * text.size + 8);
    if (tidied == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t size = tidy(text, tidied);
    size_t folded_size = 0;
    uint8_t *folded = u8_casefold(tidied, size, NULL, UNINORM_NFKC, NULL, &folded_size);
    wipe(tidied, size);
    free(tidied);
    if (folded == NULL && size > 0) {
        return STATUS_NO_MEMORY;
    }
    *out_bytes = folded;
    *out_size = folded_size;
    return STATUS_OK;
}

enum status text_holds(struct span text, struct span folded, bool *out_holds)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = text_fold(text, &bytes, &size);
    if (status == STATUS_OK) {
        *out_holds = folded.size > 0 && size >= folded.size &&
                     memmem(bytes, size, folded.data, folded.size) != NULL;
        if (bytes != NULL) {
            wipe(bytes, size);
        }
        free(bytes);
    }
    return status;
}

enum status text_nfc(struct span text, uint8_t **out_bytes, size_t *out_size)
{
    if (u8_check(text.data, text.size) != NULL) {
        return STATUS_MALFORMED;
    }
    size_t size = 0;
    uint8_t *bytes = u8_normalize(UNINORM_NFC, text.data, text.size, NULL, &size);
    if (bytes == NULL && text.size > 0) {
        return STATUS_NO_MEMORY;
    }
    *out_bytes = bytes;
    *out_size = size;
    return STATUS_OK;
}
