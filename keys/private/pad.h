/*
 * Padding of a note's text, so that its length tells little.
 *
 * Padded form: text, one byte 0x80, zero bytes, to max(PAD_FLOOR_BYTES,
 * Padmé(length + 1)). Padmé (Nikitin et al., "Reducing Metadata Leakage from
 * Encrypted Files and Communication with PURBs", 2019) leaks O(log log n) bits
 * of a length and costs at most 12 %. Pure functions, any thread.
 */
#pragma once

#include "proto/limits.h"
#include "proto/status.h"

/*
 * The floor makes the smallest stored revision fill one page of the store and no byte of
 * a second: 4096 less LMDB's 16, the record's own 69, the header's 71, the envelope's 72
 * and a context of up to 468 bytes, which is one with two parents and a voided link.
 */
#define PAD_FLOOR_BYTES      3400u
#define PAD_TEXT_BYTES_MAX   NOTE_BODY_BYTES_MAX
/* Padmé(PAD_TEXT_BYTES_MAX + 1): bounds every padded text. */
#define PAD_OUTPUT_BYTES_MAX (PAD_TEXT_BYTES_MAX + 8192u)

/* The Padmé size of |size| itself, without floor and marker. */
size_t pad_padme(size_t size);

/* Bytes that a text of |text_size| takes when padded;
 * |text_size| 0..PAD_TEXT_BYTES_MAX. */
size_t pad_size(size_t text_size);

/* Writes exactly pad_size(text.size) bytes, which |out_size| must be. |text| and
 * |out_padded| may be the same address. */
void pad_apply(struct span text, uint8_t *out_padded, size_t out_size);

/*
 * Length of the text inside |padded|.
 *
 * Reads every byte whatever the content, so time does not depend on the text.
 * Refuses a missing marker, a nonzero byte after it, and any size other than the
 * one pad_size() gives: one text has one padded form.
 * STATUS_OK, STATUS_DAMAGED.
 */
MUST_CHECK enum status pad_remove(struct span padded, size_t *out_text_size);
