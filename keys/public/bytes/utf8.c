#include "keys/public/bytes/utf8.h"

struct utf8_form {
    uint8_t mask;      /* bits of the first byte that tell the form */
    uint8_t lead;      /* their value */
    uint8_t more;      /* continuation bytes */
    uint32_t smallest; /* smaller values are overlong in this form */
};

static const struct utf8_form utf8_forms[] = {
    {0x80, 0x00, 0, 0x0},
    {0xe0, 0xc0, 1, 0x80},
    {0xf0, 0xe0, 2, 0x800},
    {0xf8, 0xf0, 3, 0x10000},
};

static const struct utf8_form *utf8_form_of(uint8_t first)
{
    for (size_t i = 0; i < ARRAY_LEN(utf8_forms); i++) {
        if ((first & utf8_forms[i].mask) == utf8_forms[i].lead) {
            return &utf8_forms[i];
        }
    }
    return NULL;
}

bool utf8_next(struct span *rest, uint32_t *out_code_point)
{
    if (rest->size == 0) {
        return false;
    }
    const struct utf8_form *form = utf8_form_of(rest->data[0]);
    if (form == NULL || rest->size <= form->more) {
        return false;
    }
    uint32_t value = rest->data[0] & (uint8_t)~form->mask;
    for (size_t i = 1; i <= form->more; i++) {
        if ((rest->data[i] & 0xc0u) != 0x80u) {
            return false;
        }
        value = value << 6 | (rest->data[i] & 0x3fu);
    }
    if (value < form->smallest || value > 0x10ffffu || (value >= 0xd800u && value <= 0xdfffu)) {
        return false;
    }
    *out_code_point = value;
    *rest = span_of(rest->data + 1u + form->more, rest->size - 1u - form->more);
    return true;
}

bool utf8_valid(struct span text)
{
    struct span rest = text;
    uint32_t code_point = 0;
    while (utf8_next(&rest, &code_point)) {
    }
    return rest.size == 0;
}

bool utf8_is_space(uint32_t code_point)
{
    switch (code_point) {
    case 0x20:
    case 0x85:
    case 0xa0:
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
        return true;
    default:
        return (code_point >= 0x09 && code_point <= 0x0d) ||
               (code_point >= 0x2000 && code_point <= 0x200a);
    }
}
