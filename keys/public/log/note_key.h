/*
 * Keys that sign C2SP notes: (name, key id, type, Ed25519 public key).
 *
 * c2sp.org/signed-note v1. The text form, a "vkey", is
 * `name+hex8(key id)+base64(type ‖ public key)`. The key id is only a hint for
 * finding the key: a line whose id matches must still verify. Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define NOTE_KEY_NAME_BYTES_MAX 255u
/* '+', 8 digits, '+', 44 characters for 33 bytes. */
#define NOTE_KEY_VKEY_BYTES_MAX (NOTE_KEY_NAME_BYTES_MAX + 54u)

/* The signature types that we verify; a vkey of another type is STATUS_UNSUPPORTED. */
enum note_key_type {
    NOTE_KEY_ED25519 = 0x01,     /* a log's signature over the note text */
    NOTE_KEY_COSIGNATURE = 0x04, /* a witness's, with a time (c2sp.org/tlog-cosignature) */
};

struct note_key {
    char name[NOTE_KEY_NAME_BYTES_MAX + 1u];
    uint32_t id;
    enum note_key_type type;
    struct public_key public_key;
};

/*
 * Whether a name may be used: 1..NOTE_KEY_NAME_BYTES_MAX bytes of UTF-8 without
 * control characters, Unicode spaces or '+'.
 */
bool note_key_name_valid(struct span name);

/* Computes the id. STATUS_MALFORMED for a name that is not valid. */
MUST_CHECK enum status note_key_init(struct span name, enum note_key_type type,
                                     const struct public_key *public_key, struct note_key *out_key);

/* The vkey with a terminator. */
void note_key_format(const struct note_key *key, char out_vkey[NOTE_KEY_VKEY_BYTES_MAX + 1u]);
