/*
 * What is shown against what was signed: the first byte chooses the width, the rest is the text.
 *
 * Of every page: no line is wider than asked, none holds a control; read again without blanks it
 * says the same characters as the text, in the same order, with nothing left out; and wherever
 * the text has a blank or a break, the page has one, so that no two words are fused.
 */
#include "tests/fuzz/fuzz.h"

#include "client/text/fold.h"
#include "client/text/step.h"
#include "client/text/wrap.h"

/* Characters without blanks, and after how many of them a blank or a break stands. */
struct said {
    uint32_t *codes;
    bool *gap_after;
    size_t count;
};

static void say(struct said *said, uint32_t code)
{
    said->codes[said->count] = code;
    said->gap_after[said->count++] = false;
}

static void gap(struct said *said)
{
    if (said->count > 0) {
        said->gap_after[said->count - 1] = true;
    }
}

static struct said said_new(size_t room)
{
    struct said said = {calloc(room, sizeof(uint32_t)), calloc(room, sizeof(bool)), 0};
    CHECK(said.codes != NULL && said.gap_after != NULL);
    return said;
}

static void said_free(struct said *said)
{
    free(said->codes);
    free(said->gap_after);
}

static void say_text(struct said *said, struct span text)
{
    struct text_step step;
    size_t marks = 0;
    while (text_next(&text, &step)) {
        step.kind = text_floods(&step, &marks) ? TEXT_NAMED : step.kind;
        char name[TEXT_NAME_CHARS];
        if (step.kind == TEXT_BREAK || step.kind == TEXT_TAB || step.code == ' ') {
            gap(said);
        } else if (step.kind == TEXT_NAMED) {
            size_t length = text_name(step.code, name);
            for (size_t i = 0; i < length; i++) {
                say(said, (uint32_t)(unsigned char)name[i]);
            }
        } else {
            say(said, step.code);
        }
    }
}

struct page {
    struct said said;
    size_t columns;
};

static bool take(void *visitor, struct span line)
{
    struct page *page = visitor;
    size_t width = 0;
    struct text_step step;
    while (text_next(&line, &step)) {
        CHECK(step.kind == TEXT_SHOWN);
        width += text_width(step.code);
        if (step.code == ' ') {
            gap(&page->said);
        } else {
            say(&page->said, step.code);
        }
    }
    CHECK(width <= page->columns);
    gap(&page->said);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct span text = span_of(data + 1, size - 1);
    struct page page = {said_new(10 * size), TEXT_COLUMNS_MIN + data[0] % 100u};
    struct said signed_text = said_new(10 * size);
    CHECK(text_wrap(text, page.columns, true, take, &page) == STATUS_OK);
    say_text(&signed_text, text);
    CHECK(page.said.count == signed_text.count);
    for (size_t i = 0; i < signed_text.count; i++) {
        CHECK(page.said.codes[i] == signed_text.codes[i]);
        CHECK(page.said.gap_after[i] || !signed_text.gap_after[i]);
    }
    said_free(&page.said);
    said_free(&signed_text);
    uint8_t *folded = NULL;
    size_t folded_size = 0;
    CHECK(text_fold(text, &folded, &folded_size) == STATUS_OK);
    bool found = false;
    CHECK(text_holds(text, span_of(folded, folded_size), &found) == STATUS_OK);
    CHECK(found == (folded_size > 0));
    free(folded);
    return 0;
}
