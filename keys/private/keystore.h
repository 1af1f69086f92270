/*
 * A device's keystore: its secret keys, its pins, and the highest checkpoints that it
 * has seen, in one passphrase-sealed file FOLDER/keystore (pass_file.h).
 *
 * While it is open it is locked against every other process, by FOLDER/keystore.lock. Every
 * reason why a file cannot be opened gives the same answer: STATUS_DAMAGED, "damaged keystore
 * or wrong passphrase". Byte layout in keys/KEYS.md. One keystore, one thread.
 */
#pragma once

#include "keys/private/identity.h"
#include "keys/private/pass_file.h"
#include "proto/ids.h"

#define KEYSTORE_PEERS_MAX         1024u
#define KEYSTORE_ADDRESS_CHARS_MAX 255u
#define KEYSTORE_ORIGIN_CHARS_MAX  255u
#define KEYSTORE_EXTRA_BYTES_MAX   4096u
#define KEYSTORE_PSK_BYTES         32u

struct keystore_checkpoint {
    uint64_t size;
    struct hash root;
};

/* The server's keys as the practice's root last stated them, each with the one that
 * may follow it; all zero means none announced. */
struct keystore_pins {
    struct public_key login_key, login_key_next;
    struct public_key log_key, log_key_next;
    struct hash tls_key, tls_key_next; /* SHA-256 of the SubjectPublicKeyInfo */
};

/*
 * The content of a keystore. Once given to a keystore it is owned by it. Pointers are never NULL
 * except where it is said; peers and extra are NULL when empty.
 */
struct keystore_content {
    struct practice_id practice; /* SHA-256(genesis): the pin of everything else */
    struct member_id member;
    struct device_id device;
    struct hash device_statement;     /* zero until enrolled */
    struct identity_signer *identity; /* NULL except on the member's first device */
    struct identity_signer *content_key;
    struct identity_signer *login;
    struct identity_sealer *sealing;
    struct identity_signer *witness; /* NULL except for an auditor */
    struct secret *cache_master;     /* 32 bytes, see cache_key.h */
    struct keystore_pins pins;
    struct keystore_checkpoint statements, events;
    char address[KEYSTORE_ADDRESS_CHARS_MAX + 1]; /* the server's HOST:PORT */
    char origin[KEYSTORE_ORIGIN_CHARS_MAX + 1];   /* of the logs, without /statements */
    uint64_t generation;                          /* raised by every save */
    uint32_t client_version; /* highest that ever opened this; never lowered (AT-70) */
    struct secret *peers;    /* PSKs by member (decision 9), see keystore_content_psk() */
    struct secret *extra;    /* the engine's own small facts; NULL when there are none */
};

struct keystore;

/* Fresh content, login and sealing keys and a cache master in an otherwise zero
 * content. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_content_init(struct keystore_content *out_content);
/* Wipes and frees what it points to; a zeroed content is allowed. */
void keystore_content_deinit(struct keystore_content *content);

/* Adds or replaces a peer's PSK. STATUS_OK, STATUS_FULL, STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_content_set_psk(struct keystore_content *content,
                                                const struct member_id *member,
                                                const struct secret *psk);
/* A copy that the caller owns; STATUS_NOT_FOUND if there is none. STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_content_psk(const struct keystore_content *content,
                                            const struct member_id *member,
                                            struct secret **out_psk);
/* Replaces the engine's bytes. STATUS_OK, STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_content_set_extra(struct keystore_content *content,
                                                  struct span extra);

/*
 * Makes FOLDER (0700) and the keystore in it, and opens it. |content| is moved from and
 * left zeroed on STATUS_OK, untouched otherwise.
 * STATUS_OK; STATUS_CONFLICT if there is one already; STATUS_UNSUPPORTED (params);
 * STATUS_BUSY; STATUS_REFUSED (folder open to others); STATUS_IO; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status keystore_create(const char *folder, const struct pass_file_params *params,
                                       struct span passphrase, struct keystore_content *content,
                                       struct keystore **out_keystore);

/* To be called before a passphrase is asked for.
 * STATUS_OK; STATUS_NOT_FOUND; STATUS_UNSUPPORTED (parameters or version refused);
 * STATUS_DAMAGED; STATUS_REFUSED; STATUS_IO; STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_probe(const char *folder, struct pass_file_params *out_params);

/* Takes the lock first. STATUS_OK; STATUS_BUSY; STATUS_DAMAGED; as keystore_probe(). */
MUST_CHECK enum status keystore_open(const char *folder, struct span passphrase,
                                     struct keystore **out_keystore);

/* Borrowed, to be read and changed in place; keystore_save() makes it last. */
struct keystore_content *keystore_content(struct keystore *keystore);

/* Raises the generation and writes. STATUS_OK; STATUS_IO (the old file remains);
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_save(struct keystore *keystore);

/* Saves under another passphrase; |params| may be NULL to keep them, and may rise but
 * never fall. STATUS_OK, STATUS_UNSUPPORTED, STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_change_passphrase(struct keystore *keystore, struct span passphrase,
                                                  const struct pass_file_params *params);

/* Wipes the keys and gives the lock back; NULL is allowed. Does not save. */
void keystore_close(struct keystore *keystore);
