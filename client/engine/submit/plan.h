/*
 * A request being put together for one chain: statements that build on each other, the head
 * that the section's log will have after them, and the epoch key of a new epoch among them.
 * Internal to the engine.
 *
 * Each statement is first admitted by our own authority, as the server will judge it, so that
 * an epoch is sealed to exactly those who are in after the grants before it. That happens in a
 * try of the authority that the plan opens and plan_drop drops: what is not in the log is not
 * known.
 */
#pragma once

#include "client/engine/common/statement_make.h"
#include "client/engine/submit/sources.h"

struct plan {
    struct sources *from;
    struct section *section; /* NULL: a section that does not exist yet, or a member's chain */
    struct section_id section_id;
    struct chain_label label;
    uint64_t count; /* statements of the chain so far */
    struct hash last;
    uint64_t number; /* of the section's log after what is planned */
    struct hash head;
    struct made statements[SUBMIT_STATEMENTS_MAX];
    size_t statement_count;
    struct hash epoch_statement; /* of an epoch among them */
    uint64_t epoch;
    struct secret *epoch_key; /* NULL: none planned */
    Alcove__Seen seen;        /* what our statements say that we have seen */
    enum authority_reason reason;
};

/* Three ways to begin, each with a try that plan_drop ends, in every case. */
/* For the chain of a section that we hold. STATUS_NOT_FOUND. */
MUST_CHECK enum status plan_section(struct sources *from, const struct section_id *section,
                                    struct plan *out_plan);
/* For a new section under |label|. */
void plan_new_section(struct sources *from, const struct section_id *section,
                      const struct chain_label *label, struct plan *out_plan);
/* For a member's chain. STATUS_NOT_FOUND. */
MUST_CHECK enum status plan_member(struct sources *from, const struct member_id *member,
                                   struct plan *out_plan);
/* Takes back what was admitted, and frees what was made. */
void plan_drop(struct plan *plan);
/* Only the latter: for a plan that was put together by hand and began no try. */
void plan_free(struct plan *plan);

/* The link of the next statement, signed by our device; borrows from |plan|. */
void plan_link(struct plan *plan, Alcove__Link *out_link);
/*
 * Signs and adds one. |root| NULL: our content key. STATUS_REFUSED and others as
 * authority_admit(), with plan->reason.
 */
MUST_CHECK enum status plan_add(struct plan *plan, enum statement_type type,
                                const ProtobufCMessage *body, const struct identity_signer *root);
/* A new epoch sealed to exactly those who are in now. */
MUST_CHECK enum status plan_epoch(struct plan *plan);
/* Our epoch keys from |from_epoch| on, sealed to each of |recipients|.
 * STATUS_NOT_FOUND: we hold none. */
MUST_CHECK enum status plan_reseal(struct plan *plan, uint64_t from_epoch,
                                   const struct authority_recipient *recipients, size_t count);
/* Packs the statements of a plan, and |revision| (may be NULL), into wish->built. */
MUST_CHECK enum status plan_pack(const struct plan *plan, Alcove__Revision *revision,
                                 struct span bundle, struct wish *wish);
