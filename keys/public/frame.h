/*
 * The bytes under every signature and MAC, and all associated data (KEYS.md):
 *
 *   frame(label, body) = 0x00 ‖ label ‖ 0x00 ‖ suite(u16 BE) ‖ practice_id(32) ‖ body
 *
 * The first zero byte keeps frames apart from C2SP notes, TLS, SSH and JSON
 * signatures; labels hold no zero byte, so no two (label, body) give the same
 * frame. The receiver takes practice_id from its own pin, never from the message.
 * |practice| may be NULL for the few things that exist before or outside a
 * practice (the genesis statement, whose hash becomes the id; the keystore); it
 * then counts as 32 zero bytes. Bodies come as parts so that nothing is joined
 * only to be hashed. Pure; any thread.
 */
#pragma once

#include "keys/public/label.h"
#include "proto/ids.h"
#include "proto/status.h"

#define FRAME_SUITE_CLASSICAL  0x0001u
#define FRAME_PREFIX_BYTES_MAX (1u + LABEL_BYTES_MAX + 1u + 2u + HASH_BYTES)
/* Far above any signed body; larger things are signed by their hash. */
#define FRAME_BODY_BYTES_MAX   (16u * 1024u * 1024u)

/*
 * Everything before the body, for MACs and KDFs that stream. |out_prefix| has room
 * for FRAME_PREFIX_BYTES_MAX; returns the bytes used.
 */
size_t frame_prefix(enum label label, const struct practice_id *practice,
                    uint8_t out_prefix[FRAME_PREFIX_BYTES_MAX]);

/* SHA-256 of the frame over the concatenated parts. */
void frame_hash(enum label label, const struct practice_id *practice, const struct span *parts,
                size_t count, struct hash *out_hash);

/* Bytes that frame_write will write. */
size_t frame_size(enum label label, const struct span *parts, size_t count);

/*
 * The frame itself into the caller's buffer. STATUS_TOO_LARGE when it does not
 * fit |capacity| or the body exceeds FRAME_BODY_BYTES_MAX; *out_size is set only
 * on STATUS_OK.
 */
MUST_CHECK enum status frame_write(enum label label, const struct practice_id *practice,
                                   const struct span *parts, size_t count, uint8_t *out_frame,
                                   size_t capacity, size_t *out_size);

/* Frames of a body of any size, allocated; wiped and freed by frame_free. */
struct frame {
    uint8_t *data;
    size_t size;
};

/* STATUS_TOO_LARGE, STATUS_NO_MEMORY; |out_frame| is zeroed on failure. */
MUST_CHECK enum status frame_build(enum label label, const struct practice_id *practice,
                                   const struct span *parts, size_t count, struct frame *out_frame);

/* Accepts a zeroed frame. Wipes, since a body may hold what is sealed. */
void frame_free(struct frame *frame);
