/*
 * Identifiers and hashes, each a type of its own so that one cannot be passed
 * for another. Ids are 16 random bytes and mean nothing; hashes are SHA-256.
 */
#pragma once

#include "proto/span.h"

#define ID_BYTES         16u
#define HASH_BYTES       32u
#define PUBLIC_KEY_BYTES 32u
#define SIGNATURE_BYTES  64u

struct hash {
    uint8_t bytes[HASH_BYTES];
};
/* SHA-256 of the genesis statement; goes into every signed frame. */
struct practice_id {
    uint8_t bytes[HASH_BYTES];
};
/* The random 32-byte name of one chain of statements. */
struct chain_label {
    uint8_t bytes[HASH_BYTES];
};
struct public_key {
    uint8_t bytes[PUBLIC_KEY_BYTES];
};
struct signature {
    uint8_t bytes[SIGNATURE_BYTES];
};
struct member_id {
    uint8_t bytes[ID_BYTES];
};
struct device_id {
    uint8_t bytes[ID_BYTES];
};
struct chart_id {
    uint8_t bytes[ID_BYTES];
};
struct section_id {
    uint8_t bytes[ID_BYTES];
};
struct note_id {
    uint8_t bytes[ID_BYTES];
};
struct request_id {
    uint8_t bytes[ID_BYTES];
};

/* For any of the structs above. */
#define ID_EQUAL(a, b) (memcmp((a)->bytes, (b)->bytes, sizeof((a)->bytes)) == 0)
#define ID_SPAN(a)     span_of((a)->bytes, sizeof((a)->bytes))
