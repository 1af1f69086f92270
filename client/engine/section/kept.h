/*
 * How a verified revision is kept in the storage. Internal to the engine.
 *
 *   version u8 ‖ state u8 ‖ note(16) ‖ link(32) ‖ revision u64 ‖ kind u32 ‖ author(16) ‖
 *   device(32) ‖ epoch u64 ‖ time u64 ‖ epoch statement(32) ‖ parents u8 ‖ parent(32)… ‖
 *   context, header, signature, wrap, text: each u32 size ‖ bytes
 *
 * The text is the opened NoteBody, which the storage seals again. A revision without a text that
 * could be read is kept with its wrap, and with its envelope in place of the text: until a key comes
 * (SEALED), or because it does not open under the key that is here, or holds no NoteBody (UNOPENED).
 * One whose text the server cannot read any more is kept without both (DAMAGED).
 * The latter two are gaps: one author's fault, or a wrap that was spoiled on the way, which is under no
 * signature; it is asked for again (page_again.c), and stops nothing else.
 * Context, header and signature are kept in every case, so that any revision can be checked by
 * itself at any time.
 */
#pragma once

#include "client/engine/common/common.h"
#include "keys/public/revision.h"

enum kept_state {
    KEPT_OPEN = 1,
    KEPT_SEALED = 2,
    KEPT_ERASED = 3,
    KEPT_UNOPENED = 4,
    KEPT_DAMAGED = 5,
};

/* One revision, without its text. */
struct indexed {
    enum kept_state state;
    uint64_t number;
    struct note_id note;
    struct hash link;
    uint64_t revision;
    uint32_t kind;
    struct member_id author;
    struct hash device;
    uint64_t epoch;
    uint64_t time_ms;                  /* when the server wrote it down, as its access log proves */
    size_t parent_first, parent_count; /* in index.parents */
    bool first;                        /* of its note, by number */
    bool head;                         /* nothing follows it */
    bool name;                         /* its text gives a name to a person */
};

struct kept {
    struct indexed item; /* number is the key's */
    struct hash epoch_statement;
    struct hash parents[CONTEXT_PARENTS_MAX];
    struct span context, header, signature, wrap, text; /* borrowed */
};

/* Under which an entry of the section with the short name |local| is stored; its first four
 * bytes are the prefix of all that the section holds. */
#define KEPT_KEY_BYTES        12u
#define KEPT_KEY_PREFIX_BYTES 4u
size_t kept_key(uint32_t local, uint64_t number, uint8_t out_key[static KEPT_KEY_BYTES]);

/* The caller frees. STATUS_NO_MEMORY. */
MUST_CHECK enum status kept_encode(const struct kept *kept, uint8_t **out_bytes, size_t *out_size);
/* Spans borrow from |bytes|. STATUS_CORRUPT. */
MUST_CHECK enum status kept_decode(struct span bytes, uint64_t number, struct kept *out_kept);
/* Whether a text is a NOTE_NAME note, by its first field. */
bool kept_is_name(struct span text);
/* Whether something that ought to be readable here is not. */
bool kept_is_gap(enum kept_state state);
/* Decodes a text; NULL in *out_body for one that is none. STATUS_NO_MEMORY. */
MUST_CHECK enum status kept_body(struct span text, struct arena *arena,
                                 Alcove__NoteBody **out_body);
