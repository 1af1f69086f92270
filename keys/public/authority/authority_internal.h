/*
 * Inside the authority: its nodes, and the functions that its files share.
 *
 * A statement is first judged, which changes nothing, then applied: everything that
 * can fail (memory) comes before the first change. Every public struct is the first
 * field of its node.
 */
#pragma once

#include "keys/public/authority/authority.h"
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
    struct chart_node *chart;
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
    struct member_node *client;
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

struct authority {
    struct practice_id practice;
    bool pinned; /* practice is known */
    uint32_t flags;
    struct chain_node *practice_chain; /* NULL before genesis */
    struct public_key root_key;
    bool has_server_keys;
    struct statement_server_keys server_keys;
    uint8_t *witness_policy;
    size_t witness_policy_size;
    uint64_t generation;
    struct section_node *directory;
    uint64_t next_end_ms; /* nothing ends by the clock before this */
    uint64_t clock_ms;    /* every end up to here is in the log, or never will be */

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
    uint32_t section_locals;
    uint64_t ticks; /* generations are drawn from it, so that none ever comes back */
    const struct authority_section **touched;
    size_t touched_count;
    size_t touched_capacity;
};

/* One statement being judged, with the nodes that were found on the way: apply uses them. */
struct judgement {
    struct authority *authority;
    const struct statement *statement;
    uint64_t seq;
    uint64_t time_ms;
    struct authority_when when;
    struct chain_node *chain; /* at number 0 NULL while judged, the new one while applied */
    struct member_node *signer;
    struct authority_device *device;
    struct member_node *subject; /* member chain: its member */
    struct section_node *section;
    struct public_key key[STATEMENT_SIGNATURES_MAX]; /* of each signature */
    struct authority_result *result;
};

/* Sets the reason and returns STATUS_REFUSED, so that rules read "return refuse(…)". */
enum status authority_refuse(struct judgement *judgement, enum authority_reason reason);

/* Judges place, signer, signatures if they are to be verified, then meaning. Changes nothing. */
MUST_CHECK enum status authority_judge_all(struct judgement *judgement, enum authority_check check);

/* Room for |need| elements. |array| points at the array pointer. STATUS_NO_MEMORY. */
MUST_CHECK enum status authority_grow(void *array, size_t *capacity, size_t need,
                                      size_t element_bytes);
MUST_CHECK enum status authority_list_reserve(struct node_list *list);
void authority_list_put(struct node_list *list, void *item);

/* By subject of the chain. Judge: place, signer and signatures hold already. Apply: all
 * or nothing; what is common to all chains is done by the caller after it. */
MUST_CHECK enum status authority_judge_practice(struct judgement *judgement);
MUST_CHECK enum status authority_apply_practice(struct judgement *judgement);
MUST_CHECK enum status authority_judge_member(struct judgement *judgement);
MUST_CHECK enum status authority_apply_member(struct judgement *judgement);
MUST_CHECK enum status authority_judge_section(struct judgement *judgement);
MUST_CHECK enum status authority_apply_section(struct judgement *judgement);
MUST_CHECK enum status authority_judge_epoch(struct judgement *judgement);
MUST_CHECK enum status authority_judge_reseal(struct judgement *judgement);
MUST_CHECK enum status authority_judge_bad_seal(struct judgement *judgement);
MUST_CHECK enum status authority_apply_epoch(struct judgement *judgement);
MUST_CHECK enum status authority_apply_reseal(struct judgement *judgement);

/* True iff the signer may do |action|; sets the result's basis, else the reason. */
MUST_CHECK bool authority_permits(struct judgement *judgement, uint32_t action, uint32_t class,
                                  const struct authority_section *section,
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
void authority_section_free(struct section_node *section);

/* The grant in force by statements alone, whatever the clock; NULL: none. */
const struct authority_grant *authority_grant_at(const struct authority_section *section,
                                                 const struct member_id *member,
                                                 struct authority_when when);
bool authority_relation_live(const struct authority_relation *relation, struct authority_when when);
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
/* Whether |extra| more recipients still fit an epoch of the section. */
bool authority_recipients_fit(const struct authority *authority,
                              const struct authority_section *section, struct authority_when when,
                              size_t extra);
/* NULL: no statement of a member's chain known. */
const struct member_fact *authority_member_fact(const struct authority *authority,
                                                const struct hash *statement);
