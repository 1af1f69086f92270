/*
 * Reading UTF-8 one code point at a time (RFC 3629). Pure; any thread.
 */
#pragma once

#include "proto/span.h"

/*
 * Takes one code point off |*rest|. False, with |*rest| unchanged, at the end and for
 * anything not well formed: overlong forms, surrogates, values above U+10FFFF, stray or
 * missing continuation bytes.
 */
bool utf8_next(struct span *rest, uint32_t *out_code_point);

/* Whether all of |text| is well formed. */
bool utf8_valid(struct span text);

/* Whether Unicode counts this as white space (property White_Space). */
bool utf8_is_space(uint32_t code_point);
