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
