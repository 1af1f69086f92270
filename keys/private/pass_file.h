/*
 * Bytes at rest under a passphrase: the form of the keystore and of the root key.
 *
 *   header(44) = "ALCOVEKF" ‖ version u16 ‖ kind u16 ‖ passes u32 ‖ memory KiB u32 ‖
 *                lanes u32 (1) ‖ salt(16) ‖ sealed size u32
 *   file       = header ‖ commitment(32) ‖ nonce(24) ‖ XChaCha20-Poly1305
 *
 * file key = Argon2id(passphrase, salt, passes, memory); commitment and associated
 * data as in envelope.h over frame(kind's label, header), so no parameter can be
 * changed. Parameters are judged before a passphrase is asked for, since a planted
 * file could otherwise exhaust memory or make guessing cheap. Any thread.
 */
#pragma once

#include "keys/private/secret.h"

#define PASS_FILE_HEADER_BYTES      44u
#define PASS_FILE_OVERHEAD_BYTES    (PASS_FILE_HEADER_BYTES + 72u)
#define PASS_FILE_CONTENT_BYTES_MAX (512u * 1024u)
#define PASS_FILE_BYTES_MAX         (PASS_FILE_OVERHEAD_BYTES + PASS_FILE_CONTENT_BYTES_MAX)

#define PASS_FILE_PASSPHRASE_BYTES_MAX 1024u
#define PASS_FILE_PASSES_MIN           3u
#define PASS_FILE_PASSES_MAX           10u
#define PASS_FILE_MEMORY_KIB_MIN       (64u * 1024u)
#define PASS_FILE_MEMORY_KIB_MAX       (1024u * 1024u)

enum pass_file_kind {
    PASS_FILE_KEYSTORE = 1,
    PASS_FILE_ROOT_KEY = 2,
};

struct pass_file_params {
    uint32_t passes;
    uint32_t memory_kib;
};

/* 3 passes over 256 MiB. */
extern const struct pass_file_params pass_file_params_default;
/* 3 passes over 64 MiB: the least that is accepted, for a trial. */
extern const struct pass_file_params pass_file_params_floor;

/* A file key with its header, kept while a keystore is open so that saving needs no
 * passphrase. */
struct pass_file;

/*
 * Shape and parameters, without a passphrase and without work that they decide.
 * STATUS_OK; STATUS_UNSUPPORTED for another version, or parameters under the floor or
 * over the ceiling; STATUS_DAMAGED for anything else.
 */
MUST_CHECK enum status pass_file_probe(struct span file, enum pass_file_kind kind,
                                       struct pass_file_params *out_params);

/* A new file key, after Argon2id: seconds and |params->memory_kib| of memory.
 * STATUS_OK, STATUS_UNSUPPORTED (params), STATUS_TOO_LARGE (a passphrase over
 * PASS_FILE_PASSPHRASE_BYTES_MAX), STATUS_NO_MEMORY. */
MUST_CHECK enum status pass_file_new(enum pass_file_kind kind,
                                     const struct pass_file_params *params, struct span passphrase,
                                     struct pass_file **out_file);

/*
 * Opens |file|; the caller owns both results.
 * STATUS_OK; STATUS_UNSUPPORTED as pass_file_probe(); STATUS_DAMAGED for a wrong
 * passphrase and for damage alike; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status pass_file_open(struct span file, enum pass_file_kind kind,
                                      struct span passphrase, struct pass_file **out_file,
                                      struct secret **out_content);

/* |out_bytes| has room for content.size + PASS_FILE_OVERHEAD_BYTES, all of it written.
 * |content| 1..PASS_FILE_CONTENT_BYTES_MAX. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status pass_file_seal(struct pass_file *file, struct span content,
                                      uint8_t *out_bytes);

struct pass_file_params pass_file_params_of(const struct pass_file *file);

/* Wipes and frees; NULL is allowed. */
void pass_file_free(struct pass_file *file);
