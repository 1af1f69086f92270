#include "client/text/label.h"

#include "client/text/fold.h"
#include "client/text/step.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>

static bool is_white(const struct text_step *step)
{
    return step->kind == TEXT_SHOWN && uc_is_property_white_space(step->code);
}

/* Of a name that is well-formed and not blank. */
static const char *flaw_of(struct span name)
{
    struct text_step step;
    size_t count = 0;
    bool blank = false;
    while (text_next(&name, &step)) {
        blank = is_white(&step);
        if (step.kind != TEXT_SHOWN || uc_is_property_bidi_control(step.code)) {
            return "holds a control, a line break or a mark of direction";
        }
        if (count == 0 && blank) {
            return "begins with a blank";
        }
        count++;
    }
    if (blank) {
        return "ends with a blank";
    }
    return count > TEXT_LABEL_CHARS_MAX ? "is longer than 64 characters" : NULL;
}

const char *text_label_take(struct span name, char out[static TEXT_LABEL_BYTES_MAX])
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = text_nfc(name, &bytes, &size);
    if (status != STATUS_OK) {
        return status == STATUS_MALFORMED ? "is not UTF-8" : "could not be looked at: no memory";
    }
    const char *flaw = "is blank; nobody could call them by it";
    if (!text_is_blank(span_of(bytes, size))) {
        flaw = flaw_of(span_of(bytes, size));
    }
    if (flaw == NULL && size >= TEXT_LABEL_BYTES_MAX) {
        flaw = "is longer than 127 bytes";
    }
    if (flaw == NULL) {
        memcpy(out, bytes, size);
        out[size] = '\0';
    }
    free(bytes);
    return flaw;
}
