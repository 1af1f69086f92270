/*
 * One statement: a signed fact about authority, taken apart.
 *
 * Parsing is strict (message.h) and checks every length and enum, so that the holder of a
 * struct statement reads plain fields of fixed size. Nothing is checked that needs another
 * statement: authority.h judges place, issuer and meaning.
 * Signatures are over frame(label of the type, body bytes as received). Pure; a
 * parsed statement belongs to one thread.
 */
#pragma once

#include "keys/public/label.h"
#include "proto/ids.h"
#include "proto/message.h"
#include "proto/words.h"

/* The kinds of subjects that a chain has. */
enum statement_subject {
    STATEMENT_OF_PRACTICE = 1,
    STATEMENT_OF_MEMBER = 2,
    STATEMENT_OF_SECTION = 3,
};
/* Whose key makes a signature. */
enum statement_signer {
    STATEMENT_BY_NONE = 0,
    STATEMENT_BY_ROOT,
    STATEMENT_BY_DEVICE,     /* the content key of link.device */
    STATEMENT_BY_ISSUER,     /* root when link.member is empty, else link.device */
    STATEMENT_BY_IDENTITY,   /* the identity key of link.member */
    STATEMENT_BY_INVITATION, /* the key in the invitation that is used up */
    STATEMENT_BY_NEW_DEVICE, /* the content key that the statement itself names */
};

/* The rules that depend on the type alone; one table, statement_rules in statement.c. */
struct statement_rule {
    uint32_t type;
    const char *name; /* "device-revocation" */
    enum label label; /* of the signatures */
    const ProtobufCMessageDescriptor *body;
    enum statement_subject subject;
    enum statement_signer signer[STATEMENT_SIGNATURES_MAX];
    size_t signatures;
    uint32_t action; /* of the event of whoever submits it */
};
/* NULL for a type that does not exist. */
const struct statement_rule *statement_rule(uint32_t type);

/* Both sizes zero and roots zero when absent. */
struct seen {
    uint64_t statements_size;
    struct hash statements_root;
    uint64_t events_size;
    struct hash events_root;
};

struct statement_link {
    struct chain_label label;
    uint64_t number;
    struct hash previous;    /* zero at number 0 */
    bool by_root;            /* member was empty */
    struct member_id member; /* zero when by_root */
    bool has_device;
    struct hash device; /* zero: root or identity */
    bool has_seen;
    struct seen seen;
};

struct device_keys {
    struct device_id id;
    struct public_key content;
    struct public_key login;
    struct public_key sealing;
    uint32_t suite_min;
};
struct statement_genesis {
    struct public_key root_key;
    struct hash salt;
    uint64_t created_ms;
};
/* *_next and tls_* are zero when absent. */
struct statement_server_keys {
    struct public_key login_key;
    struct public_key login_next;
    struct public_key log_key;
    struct public_key log_next;
    struct hash tls_pin;
    struct hash tls_next;
};
struct statement_witness_policy {
    struct span policy; /* lives as long as the statement */
};
struct statement_enrolment {
    struct public_key identity_key;
    struct device_keys device;
    struct public_key recovery_sealing_key;
    struct public_key recovery_signing_key;
};
struct statement_relation {
    struct member_id staff;
    uint32_t kind;
    uint64_t until_ms;
};
struct statement_section {
    struct section_id section;
    uint32_t class;
    bool has_chart; /* false: directory */
    struct chart_id chart;
    struct member_id client;
    struct hash client_identity;
};
struct statement_grant {
    struct member_id member;
    struct hash identity;
    uint32_t rights;
    uint64_t until_ms;
    uint64_t history_from;
    uint32_t basis_kind;
    bool has_basis;
    struct hash basis;
};
struct statement_start {
    struct hash device;
    uint64_t number; /* of the device's last revision so far; from 1 */
    struct hash link;
};
struct statement_seal {
    uint64_t epoch; /* of an epoch's own seals: that epoch; of an invitation's: 0 */
    uint32_t kind;  /* RECIPIENT_* */
    struct hash recipient;
    uint32_t mode; /* SEAL_* */
    uint8_t share[SEAL_SHARE_BYTES];
    uint8_t sealed[SEAL_SEALED_BYTES];
};
struct statement_invitation {
    struct member_id invited;
    uint32_t role;
    struct public_key key;
    uint64_t expires_ms;
    bool has_authority;
    struct hash authority;
    const struct statement_seal *own; /* in the arena, strictly ascending by recipient */
    size_t own_count;
};
/* The place in the section's log that an epoch or reseal states. */
struct statement_position {
    uint64_t number; /* last number before this statement's own */
    struct hash head;
    const struct statement_start *start; /* in the statement's arena, ascending by device */
    size_t start_count;
};
struct statement_epoch {
    uint64_t epoch;
    struct hash previous_epoch; /* zero at 1 */
    struct hash membership;
    struct hash commitment;
    struct statement_position position;
    const struct statement_seal *seal; /* strictly ascending by (recipient, kind) */
    size_t seal_count;
};
struct statement_reseal {
    struct statement_position position;
    const struct statement_seal *seal; /* strictly ascending by (epoch, recipient, kind) */
    size_t seal_count;
};

struct statement {
    const struct statement_rule *rule;
    struct span bytes; /* as received, borrowed from the caller */
    struct span body;  /* in the arena */
    struct hash hash;  /* SHA-256(frame("statement", bytes)); links chains */
    struct statement_link link;
    struct signature signature[STATEMENT_SIGNATURES_MAX];
    union {
        struct statement_genesis genesis;
        struct statement_server_keys server_keys;
        struct statement_witness_policy witness_policy;
        struct statement_invitation invitation;
        struct statement_enrolment enrolment;
        struct device_keys device;
        struct hash revoked;         /* DEVICE_REVOCATION: statement that made the device */
        uint64_t delegated_until_ms; /* DELEGATION; 0: until suspended */
        struct statement_relation relation;
        struct hash relation_ended; /* RELATION_END */
        struct statement_section section;
        struct statement_grant grant;
        struct hash grant_revoked; /* REVOCATION */
        struct statement_epoch epoch;
        struct statement_reseal reseal;
        struct hash bad_seal; /* BAD_SEAL: the epoch or reseal */
    } u;
    struct arena arena;
};

/*
 * |bytes| must outlive the statement. |practice| is the id that the receiver has pinned; a
 * genesis is hashed with the zero id in any case (NULL is allowed then).
 * statement_free in every case, also after a failure (|out| is then empty).
 *
 * STATUS_MALFORMED, STATUS_TOO_LARGE, STATUS_UNSUPPORTED (suite), STATUS_NO_MEMORY.
 */
MUST_CHECK enum status statement_parse(struct span bytes, const struct practice_id *practice,
                                       struct statement *out);
void statement_free(struct statement *statement);

/* SHA-256(frame("statement", bytes)); NULL practice for a genesis. */
void statement_hash(struct span bytes, const struct practice_id *practice, struct hash *out_hash);
/* practice_id = SHA-256(genesis bytes), no frame: nothing is pinned before it. */
void statement_practice_id(struct span genesis, struct practice_id *out_practice);
/* The id of a client's one chart: the first bytes of SHA-256(frame("chart", member id)). Nobody
 * chooses it, so that a next therapist who sees nothing of the chart finds it all the same. */
void statement_chart_id(const struct member_id *client, const struct practice_id *practice,
                        struct chart_id *out_chart);
/* SHA-256(frame("identity", key)): grants and memberships name a person by it. */
void statement_identity_hash(const struct public_key *identity_key,
                             const struct practice_id *practice, struct hash *out_hash);

/*
 * Signature number |index| by |key|. STATUS_BAD_SIGNATURE. Which key it must be is
 * rule->signer[index]; a genesis is verified with its own root key and zero practice.
 */
MUST_CHECK enum status statement_verify(const struct statement *statement, size_t index,
                                        const struct practice_id *practice,
                                        const struct public_key *key);

/* The 80 bytes of the statements log that stand for a statement (leaf.h); |practice| is
 * that of the log, for a genesis too. */
void statement_leaf(const struct statement *statement, const struct practice_id *practice,
                    const struct hash *opening, uint64_t time_ms, uint8_t out_leaf[LEAF_BYTES]);
/* Parts of other messages that need the same care. |out_has| false: absent. */
MUST_CHECK bool statement_seen_parse(const Alcove__Seen *seen, struct seen *out, bool *out_has);
