#include "keys/public/label.h"

#define LABEL_TEXT_LINE(name, text) [LABEL_##name] = {(const uint8_t *)(text), sizeof(text) - 1u},
static const struct span label_texts[LABEL_COUNT] = {LABEL_LIST(LABEL_TEXT_LINE)};
#undef LABEL_TEXT_LINE

#define LABEL_FITS(name, text)                                                                     \
    _Static_assert(sizeof(text) - 1u <= LABEL_BYTES_MAX && sizeof(text) > 1u, "label length");
LABEL_LIST(LABEL_FITS)
#undef LABEL_FITS

struct span label_text(enum label label)
{
    CHECK(label > LABEL_NONE && label < LABEL_COUNT);
    return label_texts[label];
}
