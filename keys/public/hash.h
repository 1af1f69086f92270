/*
 * SHA-256 (FIPS 180-4), from libcrypto with SHA-NI where the processor has it.
 *
 * The digest is fetched once per process and each thread keeps one context, since
 * OpenSSL's one-shot calls fetch and allocate each time and cost three times as
 * much . Nothing here fails: a libcrypto that cannot hash cannot be
 * worked around, so that aborts. Any thread; a stream belongs to one thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* Of one run of bytes; an empty span is allowed. */
void hash_bytes(struct span bytes, struct hash *out_hash);

/* Of the concatenation of |count| parts, without joining them. */
void hash_parts(const struct span *parts, size_t count, struct hash *out_hash);

/* For bytes that arrive over time (attachments, exports). */
struct hash_stream;

/* The caller owns it and frees it with hash_stream_free. STATUS_NO_MEMORY. */
MUST_CHECK enum status hash_stream_new(struct hash_stream **out_stream);
void hash_stream_update(struct hash_stream *stream, struct span bytes);
/* Afterwards the stream is empty again and may hash the next thing. */
void hash_stream_finish(struct hash_stream *stream, struct hash *out_hash);
void hash_stream_free(struct hash_stream *stream);
