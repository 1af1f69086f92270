#include "client/text/step.h"

#include <stdio.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

static bool is_break(uint32_t code)
{
    return (code >= 0x0a && code <= 0x0d) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

/* Of the category "format": joiners, marks of direction and hyphens that people write with, and the
 * signs of Arabic, Syriac and Kaithi that enclose a number and are seen. */
static bool is_used(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } used[] = {{0xad, 0xad},     {0x600, 0x605},   {0x61c, 0x61c},     {0x6dd, 0x6dd},
                {0x70f, 0x70f},   {0x890, 0x891},   {0x8e2, 0x8e2},     {0x200b, 0x200f},
                {0x2060, 0x2060}, {0xfeff, 0xfeff}, {0x110bd, 0x110bd}, {0x110cd, 0x110cd}};
    for (size_t i = 0; i < ARRAY_LEN(used); i++) {
        if (code >= used[i].first && code <= used[i].last) {
            return true;
        }
    }
    return false;
}

/*
 * What must not reach a screen as it stands. The general categories are Unicode's: controls,
 * private use (a font of the reader's decides what it looks like) and code points that are not
 * assigned. So are formats that no text of a person has a use for, and the plane of tags and of
 * selectors behind U+E0000, in which a whole sentence can be signed and not be seen.
 */
static bool is_named(uint32_t code)
{
    return (code >= 0xe0000 && code <= 0xe0fff) ||
           uc_is_general_category_withtable(code, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Co |
                                                      UC_CATEGORY_MASK_Cn | UC_CATEGORY_MASK_Cs) ||
           (uc_is_general_category_withtable(code, UC_CATEGORY_MASK_Cf) && !is_used(code));
}

bool text_next(struct span *rest, struct text_step *out_step)
{
    if (rest->size == 0) {
        return false;
    }
    ucs4_t code = 0;
    int size = u8_mbtoucr(&code, rest->data, rest->size);
    size_t taken = size > 0 ? (size_t)size : 1;
    enum text_kind kind = TEXT_SHOWN;
    if (size <= 0) {
        kind = TEXT_BAD;
        code = 0xfffd;
    } else if (is_break(code)) {
        kind = TEXT_BREAK;
        if (code == '\r' && rest->size > 1 && rest->data[1] == '\n') {
            code = '\n';
            taken = 2;
        }
    } else if (code == '\t') {
        kind = TEXT_TAB;
    } else if (is_named(code)) {
        kind = TEXT_NAMED;
    }
    *out_step = (struct text_step){kind, code, span_of(rest->data, taken)};
    *rest = span_of(rest->data + taken, rest->size - taken);
    return true;
}

size_t text_name(uint32_t code, char out[TEXT_NAME_CHARS])
{
    CHECK(code <= 0x10ffff);
    int length = snprintf(out, TEXT_NAME_CHARS, "<U+%04X>", code);
    CHECK(length > 0 && (size_t)length < TEXT_NAME_CHARS);
    return (size_t)length;
}

size_t text_width(uint32_t code)
{
    /* The selector of emoji presentation widens what stands before it, in some terminals. */
    int width = code == 0xfe0f ? 1 : uc_width(code, "UTF-8");
    return width < 0 ? 0 : (size_t)width;
}

bool text_floods(const struct text_step *step, size_t *run)
{
    *run = step->kind == TEXT_SHOWN && text_width(step->code) == 0 ? *run + 1 : 0;
    return *run > TEXT_MARKS_MAX;
}

size_t text_columns(struct span line)
{
    size_t columns = 0;
    struct text_step step;
    while (text_next(&line, &step)) {
        columns += text_width(step.code);
    }
    return columns;
}

bool text_is_blank(struct span text)
{
    struct text_step step;
    while (text_next(&text, &step)) {
        if (step.kind == TEXT_NAMED || step.kind == TEXT_BAD ||
            (step.kind == TEXT_SHOWN && !uc_is_property_white_space(step.code) &&
             !uc_is_property_default_ignorable_code_point(step.code))) {
            return false;
        }
    }
    return true;
}

bool text_is_plain(struct span text)
{
    struct text_step step;
    size_t marks = 0;
    while (text_next(&text, &step)) {
        if (text_floods(&step, &marks) || step.kind == TEXT_NAMED || step.kind == TEXT_BAD ||
            (step.kind == TEXT_BREAK && (step.code != '\n' || step.bytes.size != 1))) {
            return false;
        }
    }
    return true;
}
