/*
 * Texts compared as a reader compares them: for searching, for names and for passphrases.
 *
 * Pure but for memory; any thread. What is returned is the caller's, to be freed (and wiped first
 * where the text is secret).
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

/*
 * The text without what a person who searches does not type: case (full case folding), the form
 * of composed and compatible characters (NFKC), the kind and number of blanks and line breaks
 * (each run of them is one blank; none at either end), and characters without a mark of their
 * own. Two texts that look alike in these respects fold to the same bytes. Unicode's
 * toNFKC_Casefold, with blanks as above. Bytes that are not UTF-8 fold to U+FFFD.
 * STATUS_OK, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status text_fold(struct span text, uint8_t **out_bytes, size_t *out_size);

/* Whether |text| holds |folded|, which text_fold made. An empty one is held by nothing.
 * STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status text_holds(struct span text, struct span folded, bool *out_holds);

/* Where in |text| the words begin that make it hold |folded|: |*out_begin| is a byte offset, at a
 * code point, of the last place after which the first of them stands. STATUS_OK, STATUS_NOT_FOUND,
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status text_find(struct span text, struct span folded, size_t *out_begin);

/* Normalization form C, as RFC 8265 asks of passphrases. STATUS_MALFORMED when it is not UTF-8,
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status text_nfc(struct span text, uint8_t **out_bytes, size_t *out_size);
