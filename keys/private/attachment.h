/*
 * A file that belongs to a note. It is sealed under a key of its own, which the note holds.
 *
 *   sealed = stream header(24) ‖ chunks of libsodium's secretstream (XChaCha20-Poly1305),
 *            each 64 KiB of the file and 17 bytes; the last one, which may be shorter, and
 *            empty only when the file is, carries the final tag
 *
 * SHA-256 of `sealed` stands in the revision's context, so the signature covers it. The hash is
 * compared first, and no byte is given out before every chunk has been opened. A chunk that
 * is missing, moved, repeated or appended is refused by the stream itself as well. Any thread.
 */
#pragma once

#include "keys/private/secret.h"
#include "proto/ids.h"

#define ATTACHMENT_KEY_BYTES   32u
#define ATTACHMENT_CHUNK_BYTES 65536u
#define ATTACHMENT_BYTES_MAX   (64u * 1024u * 1024u)

/* Bytes of the sealed form of a file of |file_size| (0..ATTACHMENT_BYTES_MAX). */
size_t attachment_size(size_t file_size);

/*
 * key         ATTACHMENT_KEY_BYTES, random, for this file alone.
 * out_sealed  attachment_size(file.size) bytes; may not overlap |file|.
 * out_hash    for the context.
 * STATUS_OK, STATUS_TOO_LARGE.
 */
MUST_CHECK enum status attachment_seal(const struct secret *key, struct span file,
                                       uint8_t *out_sealed, struct hash *out_hash);

/*
 * expected   the hash in the verified context.
 * out_file   sealed.size bytes of room; on STATUS_OK the file is its first
 *            *out_file_size bytes, otherwise it holds zeros.
 * STATUS_OK; STATUS_DAMAGED for every fault.
 */
MUST_CHECK enum status attachment_open(const struct secret *key, const struct hash *expected,
                                       struct span sealed, uint8_t *out_file,
                                       size_t *out_file_size);
