/*
 * SHA-256 (FIPS 180-4), from libcrypto with SHA-NI where the processor has it.
 *
 * The digest is fetched once per process and each thread keeps one context, since
 * OpenSSL's one-shot calls fetch and allocate each time and cost three times as
 * much. Nothing here fails: a libcrypto that cannot hash cannot be
 * worked around, so that aborts. Any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* Of one run of bytes; an empty span is allowed. */
void hash_bytes(struct span bytes, struct hash *out_hash);

/* Of the concatenation of |count| parts, without joining them. */
void hash_parts(const struct span *parts, size_t count, struct hash *out_hash);

/*
 * Of bytes that come in pieces, such as a file's. The stream is freed by hash_stream_end, which
 * every stream must come to; |out_hash| may be NULL. One thread at a time.
 */
struct hash_stream;
struct hash_stream *hash_stream_new(void);
void hash_stream_add(struct hash_stream *stream, struct span bytes);
void hash_stream_end(struct hash_stream *stream, struct hash *out_hash);
