/*
 * Signers of notes with fixed keys, for tests: every run signs the same bytes.
 *
 * A failure fails the running cmocka test. One thread.
 */
#pragma once

#include "keys/public/log/signed_note.h"

struct signer {
    struct note_key key;
    uint8_t secret[64]; /* as libsodium keeps it: seed and public key */
};

/* From a seed of that byte and zeros. */
struct signer signer_make(const char *name, enum note_key_type type, uint8_t seed_byte);
struct signature signer_sign(const struct signer *signer, struct span message);

/* One signature line over |text|; |time_s| is for cosignatures and otherwise 0. */
struct signer_line {
    char bytes[SIGNED_NOTE_LINE_BYTES_MAX];
    size_t size;
};
struct signer_line signer_line(const struct signer *signer, struct span text, uint64_t time_s);
