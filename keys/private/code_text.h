/*
 * Secrets as text that survives copying by hand: invitation codes and recovery
 * cards.
 *
 * Payload ‖ checksum in Crockford's base32, groups of four joined by '-'. The
 * checksum is the first bytes of SHA-256(prefix ‖ payload), at least two, as many
 * as fill the last group of eight characters; the prefix is in it, so a code pasted
 * behind another prefix is refused. Reading allows either case, O for 0, I and L for
 * 1, and spaces, line ends and hyphens anywhere between characters; nothing else.
 * Pure; any thread.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define CODE_TEXT_PAYLOAD_BYTES_MAX 64u
/* Characters with hyphens, without a terminator. */
#define CODE_TEXT_CHARS_MAX         140u

/* Characters that |payload_size| bytes take, hyphens included. */
size_t code_text_size(size_t payload_size);

/* Writes code_text_size(payload.size) characters, no terminator. */
void code_text_encode(struct span prefix, struct span payload, char *out_text);

/* Exactly |size| bytes. STATUS_OK, STATUS_MALFORMED (shape or checksum). */
MUST_CHECK enum status code_text_decode(struct span prefix, struct span text, uint8_t *out_payload,
                                        size_t size);
