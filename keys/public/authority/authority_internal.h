/*
 * Inside the authority: its nodes, and the functions that its files share.
 *
 * A statement is first judged, which changes nothing, then applied inside a try of its own:
 * an apply that runs out of memory half way is undone by dropping that try, so no apply
 * function cleans up after itself. Every public struct is the first field of its node.
 */
#pragma once

#include "keys/public/authority/authority.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/map.h"

struct section_node;

struct member_node {
    struct authority_member pub;
    struct section_node **sections; /* ever in, maker included */
    size_t section_count;
    size_t section_capacity;
    struct chart_node *chart; /* a client's */
    /* In whose chain this member is named as the one who supervises or trains. */
    struct member_node **supervised;
    size_t supervised_count;
    size_t supervised_capacity;
    /* Of a walk over them (authority_visible.c), clean between walks. */
    struct member_node *walk_next;
    bool walked;
};
struct section_node {
    struct authority_section pub;
    size_t grant_capacity;
    size_t epoch_capacity;
    size_t reseal_capacity;
    size_t entry_capacity;
    /* Last answer of authority_closed about now, good for this generation and from..to. */
    uint64_t closed_generation;
    uint64_t closed_from_ms;
    uint64_t closed_to_ms;
    bool closed;
};
struct chart_node {
    struct authority_chart pub;
    const struct authority_section **sections;
    size_t section_capacity;
};
struct chain_node {
    struct authority_chain pub;
    struct member_node *member;
    struct section_node *section;
};
/* Any statement of a member's chain, for echoes. */
struct member_fact {
    struct hash statement;
    struct member_id member;
    uint32_t type;
    uint64_t seq;
    uint64_t time_ms;
};

/* Pointers in order of admission. */
struct node_list {
    void **items;
    size_t count;
    size_t capacity;
};

/* A witness policy; older ones stay, so that a dropped try finds its own again. */
struct policy_node {
    struct policy_node *older;
    size_t size;
    uint8_t text[];
};

/* What is no list and no map. A try copies it whole when it begins. */
struct authority_scalars {
    struct practice_id practice;
    bool pinned;                       /* practice is known */
    struct chain_node *practice_chain; /* NULL before genesis */
    struct public_key root_key;
    bool has_server_keys;
    struct statement_server_keys server_keys;
    struct policy_node *witness_policy; /* newest; NULL: none */
    uint64_t generation;
    struct section_node *directory;
    uint64_t next_end_ms; /* nothing ends by the clock before this */
    uint64_t clock_ms;    /* every end up to here is in the log, or never will be */
    uint32_t section_locals;
};

struct undo; /* authority_try.c */
struct authority_try {
    struct authority_scalars before;
    size_t undo_count; /* of the tries around it */
};

struct authority {
    struct authority_scalars now;
    uint32_t flags;
    struct map members_by_id;
    struct map devices;   /* by statement hash */
    struct map chains;    /* by label */
    struct map sections;  /* by id */
    struct map charts;    /* by id */
    struct map relations; /* by statement hash */
    struct map facts;     /* by statement hash */
    struct node_list members;
    struct node_list chain_list;
    struct node_list section_list;
    struct node_list fact_list;
    /* Generations are drawn from it. A dropped try does not take it back, so that no
     * generation ever names two states: what is remembered under one stays right. */
    uint64_t ticks;
    const struct authority_section **touched;
    size_t touched_count;
    size_t touched_capacity;
    struct authority_try tries[AUTHORITY_TRIES_MAX];
    size_t try_count;
    struct undo *undos; /* of all open tries, oldest first */
    size_t undo_count;
    size_t undo_capacity;
};

/* Sets the reason and returns STATUS_REFUSED, so that rules read "return refuse(…)". */
enum status authority_refuse(struct authority_judgement *judgement, enum authority_reason reason);

/* Judges place, signer, signatures if they are to be verified, then meaning. Changes nothing. */
MUST_CHECK enum status authority_judge_all(struct authority_judgement *judgement,
                                           enum authority_check check);

/*
 * Changing what is there, from authority_try.c. Each change is noted first, so that the try
 * around it can be dropped. Lists, maps and arrays keep the room that they grew: only what
 * can be seen is taken back.
 *
 * Room for |count| more notes. Every statement has AUTHORITY_UNDOS_MIN from the start;
 * whoever changes as many things as there are sections asks for more. STATUS_NO_MEMORY.
 */
#define AUTHORITY_UNDOS_MIN 32u
MUST_CHECK enum status authority_undo_reserve(struct authority *authority, size_t count);
/* Before a field changes; a note for every 64 bytes. It must neither move nor go away while a try
 * is open, and hold no pointer to an array that grows. (Fields may be pointers, of which clang-tidy
 * wants no sizeof.) */
#define AUTHORITY_UNDO(authority, field)                                                           \
    authority_undo_bytes(authority, NULL, &(field), 0,                                             \
                         (size_t)((uint8_t *)(&(field) + 1) - (uint8_t *)&(field)))
/* The same for a field of element |i| of an array that may move while it grows; |array| is the
 * pointer itself, which stays where it is. */
#define AUTHORITY_UNDO_ELEMENT(authority, array, i, field)                                         \
    authority_undo_bytes(authority, &(array), NULL,                                                \
                         (size_t)((uint8_t *)&(array)[i].field - (uint8_t *)(array)),              \
                         sizeof((array)[i].field))
void authority_undo_bytes(struct authority *authority, void *array, void *place, size_t offset,
                          size_t size);
/* Zeroed memory that a dropped try gives to |destroy|. NULL: no memory. */
void *authority_make(struct authority *authority, size_t size, void (*destroy)(void *node));
/* Into |map|, and at the end of |list| unless that is NULL. The key stands in the value.
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status authority_put(struct authority *authority, struct map *map, const void *key,
                                     void *value, struct node_list *list);

/* By subject of the chain. Judge: place, signer and signatures hold already. Apply: may fail
 * half way, since the caller drops its try then; what is common to all chains comes after. */
MUST_CHECK enum status authority_judge_practice(struct authority_judgement *judgement);
MUST_CHECK enum status authority_apply_practice(struct authority_judgement *judgement);
MUST_CHECK enum status authority_judge_member(struct authority_judgement *judgement);
MUST_CHECK enum status authority_apply_member(struct authority_judgement *judgement);
MUST_CHECK enum status authority_judge_section(struct authority_judgement *judgement);
MUST_CHECK enum status authority_apply_section(struct authority_judgement *judgement);
MUST_CHECK enum status authority_judge_epoch(struct authority_judgement *judgement);
MUST_CHECK enum status authority_judge_reseal(struct authority_judgement *judgement);
MUST_CHECK enum status authority_judge_bad_seal(struct authority_judgement *judgement);
MUST_CHECK enum status authority_apply_epoch(struct authority_judgement *judgement);
MUST_CHECK enum status authority_apply_reseal(struct authority_judgement *judgement);

/* True iff the signer may do |action|; sets the result's basis, else the reason. */
MUST_CHECK bool authority_permits(struct authority_judgement *judgement, uint32_t action,
                                  uint32_t class, const struct authority_section *section,
                                  const struct authority_member *client);

/* Sections whose live set the statement of |fact_seq| changed, among the candidates. */
MUST_CHECK enum status authority_touched_reserve(struct authority *authority, size_t count);
void authority_touched_consider(struct authority *authority, struct section_node *section,
                                uint64_t seq, uint64_t time_ms);

struct member_node *authority_member_node(const struct authority *authority,
                                          const struct member_id *id);
struct section_node *authority_section_node(const struct authority *authority,
                                            const struct section_id *id);
bool authority_member_in(const struct member_node *member, const struct section_node *section);
/* For authority_make: nodes with all that hangs on them. */
void authority_section_free(void *node);
void authority_member_free(void *node);
void authority_chart_free(void *node);

/* The grant in force by statements alone, whatever the clock; NULL: none. */
const struct authority_grant *authority_grant_at(const struct authority_section *section,
                                                 const struct member_id *member,
                                                 struct authority_when when);
bool authority_relation_live(const struct authority_relation *relation, struct authority_when when);
uint32_t authority_relation_bit(uint32_t kind); /* POLICY_*; 0: none */
/* POLICY_* bits by which the rights of this grant are limited: its own basis alone, whatever other
 * relations the member has. |*out_relation|: the one that it rests on, while that counts. */
uint32_t authority_grant_relations(const struct authority *authority,
                                   const struct authority_section *section,
                                   const struct authority_grant *grant, struct authority_when when,
                                   const struct authority_relation **out_relation);
/* Whether a device of |member| is not revoked. */
bool authority_has_device(const struct authority_member *member, struct authority_when when);
/* Whether the basis of a grant that is about to be made is one, and holds. */
bool authority_basis_fits(const struct authority *authority,
                          const struct authority_section *section,
                          const struct authority_grant *grant, struct authority_when when);
const struct authority_delegation *authority_delegation_live(const struct authority_member *member,
                                                             struct authority_when when);
/* The smallest moment after |after_ms| at which the clock alone takes rights from this
 * grant's member; 0: never. */
uint64_t authority_grant_end_after(const struct authority *authority,
                                   const struct authority_section *section,
                                   const struct authority_grant *grant,
                                   struct authority_when after);
/* All that an echo is about: who is in, with which rights now and as the clock will take
 * them, and how many of their devices are revoked. What the clock will do belongs to it,
 * so that a statement without an echo changes nothing later either. A new device changes
 * nothing here. */
void authority_live_digest(const struct authority *authority,
                           const struct authority_section *section, struct authority_when when,
                           struct hash *out_digest);
/* Whether the epoch was sealed to |wanted|. */
bool authority_epoch_reaches(const struct authority *authority, const struct authority_epoch *epoch,
                             const struct authority_member *wanted);
/* Whether |extra| more recipients still fit an epoch of the section. */
bool authority_recipients_fit(const struct authority *authority,
                              const struct authority_section *section, struct authority_when when,
                              size_t extra);
/* NULL: no statement of a member's chain known. */
const struct member_fact *authority_member_fact(const struct authority *authority,
                                                const struct hash *statement);
