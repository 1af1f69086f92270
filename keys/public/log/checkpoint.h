/*
 * Tree heads of a log (c2sp.org/tlog-checkpoint v1): three lines, signed as a note.
 *
 *   origin LF ‖ size, decimal LF ‖ base64(root) LF
 *
 * Exactly three: extension lines are refused, since they are not auditable and some
 * cosignatures do not cover them. The log's key name equals the origin. Size 0 must
 * have the root of the empty tree. Pure; any thread.
 */
#pragma once

#include "keys/public/log/origin.h"
#include "keys/public/log/signed_note.h"

#define CHECKPOINT_ORIGIN_BYTES_MAX NOTE_KEY_NAME_BYTES_MAX
/* origin, 19 digits, 44 characters and three LF */
#define CHECKPOINT_TEXT_BYTES_MAX   (CHECKPOINT_ORIGIN_BYTES_MAX + 66u)
/* A text with one log's signature line. */
#define CHECKPOINT_NOTE_BYTES_MAX   (CHECKPOINT_TEXT_BYTES_MAX + 1u + SIGNED_NOTE_LINE_BYTES_MAX)

struct checkpoint {
    char origin[CHECKPOINT_ORIGIN_BYTES_MAX + 1u];
    uint64_t size;
    struct hash root;
};

/* STATUS_MALFORMED. The text must come from an opened note. */
MUST_CHECK enum status checkpoint_parse(struct span text, struct checkpoint *out_checkpoint);

/* STATUS_MALFORMED for an origin that is no valid key name, or a size above 2^63 - 1. */
MUST_CHECK enum status checkpoint_format(const struct checkpoint *checkpoint,
                                         char out_text[CHECKPOINT_TEXT_BYTES_MAX],
                                         size_t *out_size);

/*
 * Opens a note, demands the log's own signature and its origin, and parses.
 *
 * |log|        the log's key; its name is the origin that is asked for.
 * |witnesses|  may be NULL when |witness_count| is 0; the log's key is not among them.
 * |out_note|   may be NULL; otherwise its signers tell who cosigned: index 0 is the
 *              log, index 1 + i is witness i.
 *
 * STATUS_MALFORMED, STATUS_TOO_LARGE, STATUS_BAD_SIGNATURE.
 */
MUST_CHECK enum status checkpoint_open(struct span note, const struct note_key *log,
                                       const struct note_key *witnesses, size_t witness_count,
                                       struct checkpoint *out_checkpoint,
                                       struct signed_note *out_note);

/* The checkpoint of the practice's |log|, signed by |log_key|. Statuses of checkpoint_open. */
MUST_CHECK enum status checkpoint_open_log(const struct practice_id *practice, enum origin_log log,
                                           const struct public_key *log_key, struct span note,
                                           struct checkpoint *out_checkpoint);
