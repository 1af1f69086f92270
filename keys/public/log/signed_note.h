/*
 * C2SP signed notes (c2sp.org/signed-note v1): opening and composing.
 *
 *   text (ends in LF) ‖ LF ‖ one or more of "— <name> <base64(key id ‖ signature)>" LF
 *
 * Opening checks the whole shape first (UTF-8, no control characters, canonical
 * base64, every signature line well formed), then every line of a known key: one that
 * fails refuses the whole note, lines of unknown keys are ignored, and no known line
 * is a refusal. The text is only available after that. No allocation; any thread.
 */
#pragma once

#include "keys/public/log/note_key.h"

#define SIGNED_NOTE_BYTES_MAX      (128u * 1024u)
#define SIGNED_NOTE_SIGNATURES_MAX 64u
#define SIGNED_NOTE_KEYS_MAX       64u
/* em dash and space, name, space, 76 bytes in base64, LF */
#define SIGNED_NOTE_LINE_BYTES_MAX (4u + NOTE_KEY_NAME_BYTES_MAX + 1u + 104u + 1u)

/* One verified signature. */
struct signed_note_signer {
    size_t key;      /* index into the keys given */
    uint64_t time_s; /* a cosignature's time, seconds since 1970; otherwise 0 */
};

struct signed_note {
    struct span text; /* borrowed from the note; with its final LF */
    size_t signer_count;
    struct signed_note_signer signers[SIGNED_NOTE_KEYS_MAX]; /* each key at most once */
};

/*
 * |note|      borrowed; out_note->text points into it.
 * |keys|      the known ones, at most SIGNED_NOTE_KEYS_MAX.
 *
 * STATUS_MALFORMED for any fault of shape, STATUS_TOO_LARGE past the limits above,
 * STATUS_BAD_SIGNATURE for a known key's line that fails or when no known key signed.
 * A key that signed twice counts once, with its latest time; both must verify.
 */
MUST_CHECK enum status signed_note_open(struct span note, const struct note_key *keys,
                                        size_t key_count, struct signed_note *out_note);

/* Whether |text| may be signed: valid UTF-8, ends in LF, no other control characters. */
bool signed_note_text_valid(struct span text);

/*
 * One signature line. |time_s| is used for cosignatures only, at most 2^63 - 1.
 * STATUS_USAGE for a time given with another type; the line always fits
 * SIGNED_NOTE_LINE_BYTES_MAX.
 */
MUST_CHECK enum status signed_note_line(const struct note_key *key, uint64_t time_s,
                                        const struct signature *signature,
                                        char out_line[SIGNED_NOTE_LINE_BYTES_MAX],
                                        size_t *out_size);

/*
 * text ‖ LF ‖ lines. STATUS_MALFORMED for a text that may not be signed or no lines,
 * STATUS_TOO_LARGE when it does not fit.
 */
MUST_CHECK enum status signed_note_compose(struct span text, const struct span *lines,
                                           size_t line_count, char *out_note, size_t capacity,
                                           size_t *out_size);
