/* Decimal numbers in text: of files, command lines and addresses. Pure. */
#pragma once

#include "proto/span.h"

/* Digits alone, from |least| to |most|: no sign, no space, nothing behind. Zeros in front are
 * allowed. *out_number is set on success only. */
bool number_parse(struct span text, uint64_t least, uint64_t most, uint64_t *out_number);

static inline bool number_of(const char *text, uint64_t least, uint64_t most, uint64_t *out_number)
{
    return number_parse(span_of(text, strlen(text)), least, most, out_number);
}
