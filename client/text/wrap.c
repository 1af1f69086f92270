#include "client/text/wrap.h"

#include "client/text/step.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>
#include <string.h>
#include <unictype.h>
#include <unigbrk.h>
#include <unilbrk.h>
#include <unistr.h>

/* One line of the text as it is shown, not yet wrapped. */
struct shown {
    uint8_t *bytes;
    size_t size, room;
    size_t columns; /* of all of it */
    size_t marks;   /* in a row, at its end; see text_floods */
    bool utf8;
    bool failed;
};

static void forget(uint8_t *bytes, size_t size)
{
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
}

static void put(struct shown *shown, const void *bytes, size_t size, size_t columns)
{
    if (shown->room - shown->size < size && !shown->failed) {
        size_t room = 2 * shown->room + size + 64;
        uint8_t *grown = malloc(room);
        shown->failed = grown == NULL;
        if (grown != NULL) {
            /* Not realloc: it would leave the text behind. */
            if (shown->size > 0) {
                memcpy(grown, shown->bytes, shown->size);
            }
            forget(shown->bytes, shown->size);
            shown->bytes = grown;
            shown->room = room;
        }
    }
    if (!shown->failed && shown->bytes != NULL) {
        memcpy(shown->bytes + shown->size, bytes, size);
        shown->size += size;
        shown->columns += columns;
    }
}

/* Marks that join what stands before them would leave a '?' of their own without UTF-8. */
static void put_step(struct shown *shown, const struct text_step *step)
{
    bool floods = text_floods(step, &shown->marks);
    char name[TEXT_NAME_CHARS];
    if (step->kind == TEXT_NAMED || (floods && shown->utf8)) {
        size_t length = text_name(step->code, name);
        put(shown, name, length, length);
    } else if (!shown->utf8 && step->code >= 0x80) {
        put(shown, "?", 1, 1);
    } else if (step->kind == TEXT_BAD) {
        put(shown, "\xef\xbf\xbd", 3, 1);
    } else {
        put(shown, step->bytes.data, step->bytes.size, text_width(step->code));
    }
}

static void put_tab(struct shown *shown)
{
    shown->marks = 0;
    do {
        put(shown, " ", 1, 1);
    } while (!shown->failed && shown->columns % TEXT_TAB_COLUMNS != 0);
}

/* Takes one line off |*rest|; false at the end. */
static bool take_line(struct span *rest, struct shown *shown)
{
    if (rest->size == 0) {
        return false;
    }
    shown->size = 0;
    shown->columns = 0;
    shown->marks = 0;
    struct text_step step;
    while (text_next(rest, &step) && step.kind != TEXT_BREAK) {
        if (step.kind == TEXT_TAB) {
            put_tab(shown);
        } else {
            put_step(shown, &step);
        }
    }
    return true;
}

struct wrapping {
    size_t columns;
    text_visit_line *visit;
    void *visitor;
    bool more;
    uint8_t *line; /* what is given to the visitor */
};

static size_t blanks_at(const struct shown *shown, size_t at)
{
    size_t end = at;
    while (end < shown->size && shown->bytes[end] == ' ') {
        end++;
    }
    return end - at;
}

static void give(struct wrapping *wrapping, size_t indent, const uint8_t *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == ' ') {
        size--;
    }
    /* A line of blanks alone is an empty one. */
    indent = size == 0 ? 0 : indent;
    memset(wrapping->line, ' ', indent);
    if (size > 0) {
        memcpy(wrapping->line + indent, bytes, size);
    }
    wrapping->more = wrapping->visit(wrapping->visitor, span_of(wrapping->line, indent + size));
}

/* For each byte of a line, whether UAX #14 lets a line end, and UAX #29 a cluster begin, before
 * it. Found once a line: looking back at each step would let a long row of marks cost its square. */
struct places {
    char *breaks;
    char *clusters;
    bool words; /* blanks alone end a line, however long a word is */
};

static void places_free(struct places *places)
{
    free(places->breaks);
    free(places->clusters);
    places->breaks = NULL;
    places->clusters = NULL;
}

static void only_after_blanks(const struct shown *shown, struct places *places)
{
    bool blank = false;
    size_t at = 0;
    while (at < shown->size) {
        ucs4_t code = 0;
        int size = u8_mbtoucr(&code, shown->bytes + at, shown->size - at);
        CHECK(size > 0);
        places->breaks[at] = blank ? UC_BREAK_POSSIBLE : UC_BREAK_PROHIBITED;
        blank = uc_is_property_white_space(code);
        at += (size_t)size;
    }
}

static bool places_find(const struct shown *shown, struct places *places)
{
    places_free(places);
    places->breaks = malloc(shown->size + 1);
    places->clusters = malloc(shown->size + 1);
    if (places->breaks == NULL || places->clusters == NULL) {
        return false;
    }
    u8_possible_linebreaks(shown->bytes, shown->size, "UTF-8", places->breaks);
    u8_grapheme_breaks(shown->bytes, shown->size, places->clusters);
    if (places->words) {
        only_after_blanks(shown, places);
    }
    return true;
}

/*
 * Where the line that begins at |from| ends: the last place that UAX #14 allows and that fits;
 * where there is none, the last grapheme cluster that fits; and of a cluster that alone is wider
 * than a line, what fits of it. No code point is as wide as a line, so that every call gets on.
 */
static size_t line_end(const struct shown *shown, const struct places *places, size_t from,
                       size_t columns)
{
    size_t at = from;
    size_t used = 0;
    size_t allowed = 0;
    size_t cluster = 0;
    while (at < shown->size) {
        ucs4_t code = 0;
        int size = u8_mbtoucr(&code, shown->bytes + at, shown->size - at);
        CHECK(size > 0);
        if (at > from && places->breaks[at] == UC_BREAK_POSSIBLE) {
            allowed = at;
        }
        if (at > from && places->clusters[at] != 0) {
            cluster = at;
        }
        used += text_width(code);
        /* A blank past the edge is not shown; the next word begins a line. */
        if (used > columns && code != ' ' && (allowed > 0 || !places->words)) {
            return allowed > 0 ? allowed : cluster > 0 ? cluster : at;
        }
        at += (size_t)size;
    }
    return shown->size;
}

static void wrap_line(struct wrapping *wrapping, const struct shown *shown,
                      const struct places *places)
{
    size_t indent = blanks_at(shown, 0);
    size_t hanging = indent > wrapping->columns / 2 ? 0 : indent;
    size_t at = hanging;
    if (hanging == shown->size) {
        give(wrapping, 0, shown->bytes, 0);
    }
    while (at < shown->size && wrapping->more) {
        size_t end = line_end(shown, places, at, wrapping->columns - hanging);
        give(wrapping, hanging, shown->bytes + at, end - at);
        at = end + blanks_at(shown, end);
    }
}

static enum status wrap(struct span text, size_t columns, struct shown shown, struct places places,
                        text_visit_line *visit, void *visitor)
{
    struct wrapping wrapping = {.columns = columns > TEXT_COLUMNS_MIN ? columns : TEXT_COLUMNS_MIN,
                                .visit = visit,
                                .visitor = visitor,
                                .more = true};
    size_t line_size = 0;
    while (wrapping.more && !shown.failed && take_line(&text, &shown)) {
        forget(wrapping.line, line_size);
        line_size = shown.size + 1; /* an indent is a part of it, and stands before what follows */
        wrapping.line = calloc(1, line_size);
        shown.failed |= wrapping.line == NULL || !places_find(&shown, &places);
        if (!shown.failed) {
            wrap_line(&wrapping, &shown, &places);
        }
    }
    places_free(&places);
    forget(wrapping.line, line_size);
    forget(shown.bytes, shown.room);
    return shown.failed ? STATUS_NO_MEMORY : STATUS_OK;
}

enum status text_wrap(struct span text, size_t columns, bool utf8, text_visit_line *visit,
                      void *visitor)
{
    return wrap(text, columns, (struct shown){.utf8 = utf8}, (struct places){0}, visit, visitor);
}

enum status text_wrap_words(struct span text, size_t columns, bool utf8, text_visit_line *visit,
                            void *visitor)
{
    return wrap(text, columns, (struct shown){.utf8 = utf8}, (struct places){.words = true}, visit,
                visitor);
}

enum status text_cell(struct span text, size_t columns, bool utf8, char **out_line,
                      size_t *out_size)
{
    struct shown shown = {.utf8 = utf8};
    size_t kept = 0; /* bytes that leave room for "..." */
    struct text_step step;
    while (!shown.failed && text_next(&text, &step)) {
        if (step.kind == TEXT_BREAK || step.kind == TEXT_TAB) {
            put(&shown, " ", 1, 1);
            shown.marks = 0;
        } else {
            put_step(&shown, &step);
        }
        kept = shown.columns + 3 <= columns ? shown.size : kept;
    }
    if (columns > 0 && shown.columns > columns) {
        shown.size = kept;
        put(&shown, "...", columns < 3 ? columns : 3, 3);
    }
    put(&shown, "", 1, 0);
    if (shown.failed) {
        forget(shown.bytes, shown.room);
        return STATUS_NO_MEMORY;
    }
    *out_line = (char *)shown.bytes;
    *out_size = shown.size - 1;
    return STATUS_OK;
}
