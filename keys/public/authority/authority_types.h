/*
 * The types that authority.h hands out: members, devices, relations, chains, sections.
 *
 * They are plain facts, read only. Each keeps the index in the statements log (seq) of the
 * statement that began it and of the one that ended it, so that the caller can ask about any
 * moment. Borrowed from the authority that holds them.
 */
#pragma once

#include "keys/public/statement.h"

/* A moment: facts of statements with an index below |seq| hold, and grants whose time is over at
 * |time_ms| do not. */
struct authority_when {
    uint64_t seq;
    uint64_t time_ms;
};
static inline struct authority_when authority_now(uint64_t time_ms)
{
    struct authority_when when = {UINT64_MAX, time_ms};
    return when;
}
#define AUTHORITY_NEVER UINT64_MAX

struct authority_device {
    struct hash statement; /* the one that made it: an ENROLMENT or a DEVICE */
    struct device_keys keys;
    struct member_id member;
    uint64_t seq;
    uint64_t revoked_seq; /* AUTHORITY_NEVER: in force */
    struct hash revoked_by;
    struct authority_device *next; /* of the same member, in order of the chain */
};
struct authority_span { /* a suspension */
    uint64_t from_seq;
    uint64_t to_seq;
    struct authority_span *next;
};
struct authority_relation {
    struct hash statement;
    uint32_t kind;
    struct member_id subject; /* whose chain: client, or supervised therapist */
    struct member_id staff;
    uint64_t until_ms;
    uint64_t seq;
    uint64_t ended_seq;
    struct authority_relation *next; /* of the same subject */
};
struct authority_delegation {
    struct hash statement;
    uint64_t until_ms;
    uint64_t seq;
    struct authority_delegation *next;
};
struct authority_chain {
    struct chain_label label;
    enum statement_subject subject;
    uint8_t id[ID_BYTES]; /* member or section; zero for the practice */
    uint64_t count;
    struct hash last; /* hash of statement count - 1 */
    uint64_t first_seq;
    uint64_t last_seq;
};
struct authority_member {
    struct member_id id;
    uint32_t role;
    struct chain_label label;
    bool by_root;
    struct member_id inviter;
    struct hash inviter_device; /* the statement of the device that signed the invitation */
    struct hash invitation;
    struct public_key invitation_key;
    uint64_t expires_ms;
    uint64_t seq; /* of the invitation */
    bool enrolled;
    uint64_t enrolled_seq;
    struct hash enrolment;
    struct public_key identity_key;
    struct hash identity; /* hash of it */
    struct public_key recovery_sealing_key;
    struct public_key recovery_signing_key;
    struct authority_device *devices;
    struct authority_span *suspensions;
    struct authority_relation *relations; /* in this member's chain */
    struct authority_delegation *delegations;
    uint32_t local; /* 0, 1, 2 … in order of admission */
};
/* The making of a section counts as the first, with rights 7 for the maker. */
struct authority_grant {
    struct hash statement;
    struct member_id member;
    struct hash identity;
    uint32_t rights;
    uint64_t until_ms;
    uint64_t history_from;
    uint32_t basis_kind; /* SELF, ROLE, RELATION; OWNER: the author of a section, by policy */
    struct hash basis;   /* RELATION: that relation, with which the grant ends for good */
    struct member_id signer;
    uint64_t seq;
    uint64_t ended_seq; /* revoked, or replaced by a newer grant to the same member */
    /* The latest end by the clock that is marked (authority_mark_ended); 0: none. */
    uint64_t clock_ended_ms;
};
struct authority_recipient {
    struct hash hash;
    uint32_t kind;
};
struct authority_epoch {
    struct hash statement;
    uint64_t epoch;
    uint64_t chain_number;
    struct hash membership;
    struct hash commitment;
    struct member_id signer;
    struct hash signer_device;
    uint64_t seq;
    uint64_t time_ms;
    struct authority_recipient *recipients;
    size_t recipient_count;
    struct span bytes; /* the statement, when kept (AUTHORITY_KEEP_SEALS), else empty */
    uint8_t *kept;     /* the same, owned */
};
struct authority_reseal {
    struct hash statement;
    uint64_t chain_number;
    struct member_id signer;
    struct hash signer_device;
    uint64_t seq;
    struct authority_recipient *recipients; /* one per key, in the order of the statement */
    uint64_t *epochs;
    size_t count;
    struct span bytes; /* as above */
    uint8_t *kept;
};
/* One statement of a section's chain, as a timeline needs it. */
struct authority_entry {
    struct hash statement;
    uint32_t type;
    uint64_t seq;
    uint64_t time_ms;
    uint64_t position_number; /* EPOCH, RESEAL: section_number and head that it states */
    struct hash position_head;
};
struct authority_section {
    struct section_id id;
    struct chain_label label;
    uint32_t class;
    bool has_chart;
    struct chart_id chart;
    struct member_id client; /* zero for directory */
    struct member_id maker;
    uint64_t seq;
    struct authority_grant *grants;
    size_t grant_count;
    struct authority_epoch *epochs; /* epoch n is epochs[n - 1] */
    size_t epoch_count;
    struct authority_reseal *reseals;
    size_t reseal_count;
    struct authority_entry *entries; /* the whole chain; number n is entries[n] */
    size_t entry_count;
    uint64_t generation; /* another one whenever who is in, or the epoch, changes */
    uint32_t local;
};
struct authority_chart {
    struct chart_id id;
    struct member_id client;
    const struct authority_section *const *sections; /* in order of admission */
    size_t section_count;
};
