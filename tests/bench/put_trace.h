/*
 * The file that put_trace.so writes and ceiling_lmdb replays: what a program
 * asked of LMDB, in order, transaction by transaction. Each record is this head
 * followed by the key and, when it is short, the value; of a long value only
 * the size is kept, since LMDB does not look into it.
 */
#pragma once

#include <stdint.h>

enum put_trace_kind {
    PUT_TRACE_TABLE = 1, /* key: name; flags: as opened */
    PUT_TRACE_PUT = 2,
    PUT_TRACE_DELETE = 3,
    PUT_TRACE_COMMIT = 4,
};

enum {
    PUT_TRACE_VALUE_BYTES_KEPT = 64,
    PUT_TRACE_KEY_BYTES_MAX = 511,
};

struct put_trace_record {
    uint8_t kind;
    uint8_t table;
    uint16_t key_size;
    uint32_t flags;
    uint32_t value_size;
    uint32_t value_kept; /* bytes that follow the key: value_size, or 0 */
};
_Static_assert(sizeof(struct put_trace_record) == 16, "no padding");
