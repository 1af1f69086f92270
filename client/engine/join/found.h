/*
 * The beginning of a practice, made on the founder's machine with the root's key: genesis,
 * the server's keys, the witness policy, and the first admin's invitation. Pure; no
 * connection. The statements are handed to the server once, at its initialisation.
 */
#pragma once

#include "keys/private/identity.h"
#include "keys/private/invitation.h"
#include "proto/ids.h"
#include "proto/status.h"

/* Statement bytes; found_free(). */
struct found_bytes {
    uint8_t *data;
    size_t size;
};
void found_free(struct found_bytes *bytes);

/* STATUS_NO_MEMORY. |*out_practice| is the genesis' hash. */
MUST_CHECK enum status found_genesis(const struct identity_signer *root, uint64_t now_ms,
                                     struct found_bytes *out_genesis,
                                     struct practice_id *out_practice);

/* The server's public keys as it wrote them; zero `next` ones are allowed. */
struct found_keys {
    struct public_key login_key, login_next, log_key, log_next;
    struct hash tls_pin, tls_next;
};
/* Number |previous|'s + 1 of the practice chain. */
MUST_CHECK enum status found_server_keys(const struct identity_signer *root,
                                         const struct practice_id *practice, struct span previous,
                                         const struct found_keys *keys,
                                         struct found_bytes *out_statement);
/* |policy|: C2SP tlog-policy text. */
MUST_CHECK enum status found_witness_policy(const struct identity_signer *root,
                                            const struct practice_id *practice,
                                            struct span previous, struct span policy,
                                            struct found_bytes *out_statement);

struct found_invite {
    const struct span *practice_chain; /* statements from genesis on */
    size_t practice_count;
    uint32_t role; /* ROLE_ADMIN or ROLE_AUDITOR */
    struct span address, practice_name, name;
    uint64_t expires_ms;
};
/* The first admin's invitation, its bundle, and the code's text
 * (INVITATION_TEXT_CHARS_MAX + 1 bytes). */
MUST_CHECK enum status found_invitation(const struct identity_signer *root,
                                        const struct practice_id *practice,
                                        const struct found_invite *invite,
                                        struct found_bytes *out_statement,
                                        struct found_bytes *out_bundle, char *out_code);
