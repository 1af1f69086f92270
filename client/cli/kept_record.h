/*
 * What is sealed of a kept text, as bytes (keys/KEYS.md, "A kept text"): when it was typed, which
 * command it was given to, that command's options, and the text.
 */
#pragma once

#include "client/cli/context.h"
#include "client/cli/kept.h"
#include "client/cli/note_input.h"
#include "keys/public/hash.h"

#define KEPT_BECOMES_BYTES 33u

/* What is kept with a text, borrowed: how it was to become a note. */
struct kept_words {
    const struct command *command; /* NULL: none of this version */
    const struct note_input *input;
};

/* One that was opened; freed with kept_text_deinit of kept_text.h. */
struct kept_text {
    char name[KEPT_NAME_BYTES];
    uint64_t typed_ms;
    char becomes[KEPT_BECOMES_BYTES]; /* empty: it is added to a note that |input| names */
    const struct command *command;    /* NULL: of another version; |input| is empty then */
    struct note_input input;          /* its texts point into |bytes| */
    struct span text;
    uint8_t *bytes;
    size_t size;
};

#define KEPT_RECORD_PADDED true

/* The caller wipes and frees. STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status kept_record_new(const struct kept_words *words, struct span text,
                                       bool padded, uint8_t **out_bytes, size_t *out_size);
/* |head| is a record with an empty text that is not padded. Likewise. */
MUST_CHECK enum status kept_record_join(struct span head, struct span text, uint8_t **out_bytes,
                                        size_t *out_size);
/* Takes |text->bytes| apart. Options of another version leave |text->command| NULL.
 * STATUS_WRONG_KEY: it is no record. */
MUST_CHECK enum status kept_record_read(const struct command_list *const *commands,
                                        struct kept_text *text);
/* Whose it is, for kept_new: the profile and |words|, with the hash of |begin|. The caller frees.
 * STATUS_NOT_FOUND (no profile), STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status kept_record_about(const char *profile, const struct kept_words *words,
                                         struct span begin, uint8_t **out_bytes, size_t *out_size);
/* Whether that was made for |profile|; then, unless they are NULL, what it begins with. */
bool kept_record_is_of(struct span about, const char *profile, struct hash *out_begin,
                       struct span *out_head);
