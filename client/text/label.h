/*
 * What people, charts and the practice are called: checked where a name is made, so that it can be
 * typed again and looks like no other kind of line, and again where one comes from somebody else
 * (engine/section/name.h).
 *
 * Pure but for memory; any thread.
 */
#pragma once

#include "proto/span.h"

#define TEXT_LABEL_CHARS_MAX 64u
#define TEXT_LABEL_BYTES_MAX 128u /* with the end */

/*
 * Takes |name| in normalization form C into |out|, terminated. Returns NULL, or why it is no name
 * to give, the end of a sentence that begins with "the name": not UTF-8; a control, a line break
 * or a mark of direction in it; nothing to be seen; a blank at an end; too long.
 */
const char *text_label_take(struct span name, char out[static TEXT_LABEL_BYTES_MAX]);
