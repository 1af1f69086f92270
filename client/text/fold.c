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

static bool is_ascii(uint8_t byte)
{
    return byte < 0x80;
}

/* Of ASCII these are all that is_space would say so of. */
static bool is_ascii_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Takes one character off |*text|: its bytes in |out|, whose size is returned; 0: it has no mark. */
static size_t tidy_one(struct span *text, uint8_t *out, bool *out_space)
{
    uint8_t byte = text->data[0];
    if (is_ascii(byte)) { /* most of most texts: no table needs to be asked */
        *text = span_of(text->data + 1, text->size - 1);
        *out_space = is_ascii_space(byte);
        out[0] = byte;
        return 1;
    }
    struct text_step step;
    (void)text_next(text, &step);
    *out_space = is_space(&step);
    if (*out_space || uc_is_property_default_ignorable_code_point(step.code)) {
        return 0;
    }
    int taken = u8_uctomb(out, step.code, 6);
    CHECK(taken > 0);
    return (size_t)taken;
}

/* What is left to be folded: well-formed, one blank for each run of blanks, nothing without a
 * mark. In place of three bytes at most stands one, so that three times the size is enough. */
static size_t tidy(struct span text, uint8_t *out)
{
    size_t size = 0;
    bool blank = false;
    while (text.size > 0) {
        bool space = false;
        size_t taken = tidy_one(&text, out + size + (blank ? 1 : 0), &space);
        if (space) {
            blank = size > 0;
        } else if (taken > 0) {
            if (blank) {
                out[size++] = ' ';
            }
            blank = false;
            size += taken;
        }
    }
    return size;
}

/* So many bytes of ASCII are at the beginning that nothing behind them changes: the last one
 * before another character may be composed with it. */
static size_t plain_size(struct span text)
{
    size_t size = 0;
    while (size < text.size && is_ascii(text.data[size])) {
        size++;
    }
    return size == text.size || size == 0 ? size : size - 1;
}

/* Up to the next byte of ASCII, but for one at the very beginning: it is never changed by what
 * stands before it. */
static size_t other_size(struct span text)
{
    size_t size = 1;
    while (size < text.size && !is_ascii(text.data[size])) {
        size++;
    }
    return size;
}

/* The folded text as it grows. */
struct folded {
    uint8_t *bytes;
    size_t size, room;
};

static void folded_drop(struct folded *folded)
{
    if (folded->bytes != NULL) {
        wipe(folded->bytes, folded->size);
    }
    free(folded->bytes);
}

static bool folded_reserve(struct folded *folded, size_t more)
{
    if (more <= folded->room - folded->size) {
        return true;
    }
    /* Not realloc: the old bytes are a note's and must be wiped. */
    struct folded grown = {NULL, folded->size, folded->room + folded->room / 2 + more};
    grown.bytes = malloc(grown.room);
    if (grown.bytes == NULL) {
        return false;
    }
    if (folded->size > 0) {
        memcpy(grown.bytes, folded->bytes, folded->size);
    }
    folded_drop(folded);
    *folded = grown;
    return true;
}

static bool fold_plain(struct span text, struct folded *folded)
{
    if (!folded_reserve(folded, text.size)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        folded->bytes[folded->size++] =
            byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
    }
    return true;
}

static bool fold_other(struct span text, struct folded *folded)
{
    size_t size = 0;
    uint8_t *bytes = u8_casefold(text.data, text.size, NULL, UNINORM_NFKC, NULL, &size);
    bool done = bytes != NULL && folded_reserve(folded, size);
    if (done) {
        CHECK(folded->bytes != NULL);
        memcpy(folded->bytes + folded->size, bytes, size);
        folded->size += size;
    }
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    return done;
}

/* In pieces, since the library's tables are slow and hardly any byte needs them. */
static bool fold_pieces(struct span text, struct folded *folded)
{
    bool done = folded_reserve(folded, text.size + 1);
    while (done && text.size > 0) {
        size_t plain = plain_size(text);
        size_t size = plain > 0 ? plain : other_size(text);
        struct span piece = span_of(text.data, size);
        done = plain > 0 ? fold_plain(piece, folded) : fold_other(piece, folded);
        text = span_of(text.data + size, text.size - size);
    }
    return done;
}

enum status text_fold(struct span text, uint8_t **out_bytes, size_t *out_size)
{
    /* A blank, one code point of three bytes for each bad byte, and room for the last. */
    uint8_t *tidied = malloc(4 * text.size + 8);
    if (tidied == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t size = tidy(text, tidied);
    struct folded folded = {0};
    bool done = fold_pieces(span_of(tidied, size), &folded);
    wipe(tidied, size);
    free(tidied);
    if (!done) {
        folded_drop(&folded);
        return STATUS_NO_MEMORY;
    }
    *out_bytes = folded.bytes;
    *out_size = folded.size;
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

static size_t code_point(struct span text, size_t at)
{
    while (at > 0 && at < text.size && (text.data[at] & 0xc0u) == 0x80u) {
        at--;
    }
    return at;
}

/* Folding moves bytes about, so that the place is searched by halving: first the shortest beginning
 * of the text that holds the words, then the shortest end of that. */
enum status text_find(struct span text, struct span folded, size_t *out_begin)
{
    bool holds = false;
    enum status status = text_holds(text, folded, &holds);
    if (status == STATUS_OK && !holds) {
        return STATUS_NOT_FOUND;
    }
    size_t end = text.size;
    size_t lacks = 0;
    while (status == STATUS_OK && end - lacks > 1) {
        size_t half = code_point(text, lacks + (end - lacks) / 2);
        if (half <= lacks) {
            break;
        }
        status = text_holds(span_of(text.data, half), folded, &holds);
        *(holds ? &end : &lacks) = half;
    }
    lacks = end;
    size_t begin = 0;
    while (status == STATUS_OK && lacks - begin > 1) {
        size_t half = code_point(text, begin + (lacks - begin) / 2);
        if (half <= begin) {
            break;
        }
        status = text_holds(span_of(text.data + half, end - half), folded, &holds);
        *(holds ? &begin : &lacks) = half;
    }
    *out_begin = begin;
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
