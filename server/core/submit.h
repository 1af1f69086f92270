/*
 * A submit: statements and revisions, all or nothing.
 *
 * First everything is planned, with nothing written: statements are judged and admitted one
 * upon the other in a try of the authority, and revisions are judged against what the database
 * holds and what the statements before them made of the section. Only when all of it holds is
 * it applied by puts alone, each thing with an event of its own, since each has a section
 * number of its own. A plan that fails drops the try, which costs what the plan cost.
 */
#pragma once

#include "keys/public/revision.h"
#include "server/core/brought.h"
#include "server/core/internal.h"
#include "server/core/position.h"
#include "server/store/note_head.h"
#include "server/store/record.h"

struct submit_statement {
    const struct statement *statement; /* of |brought| */
    bool verified;                     /* its signature, when it was read */
    struct authority_result result;
    uint64_t seq;
};

struct submit_revision {
    const Alcove__Revision *wire;
    struct revision_context context;
    struct revision_header header;
    struct hash link;
    struct note_head heads;            /* as they will be, without this one */
    bool missing[CONTEXT_PARENTS_MAX]; /* parents that are no longer heads */
    uint64_t least;                    /* what its number within the note may be */
    uint64_t most;
};

/* Flags of a note's heads. */
#define SUBMIT_NOTE_SIGNED 1u

struct submit_plan {
    const Alcove__SubmitAsk *ask;
    struct submit_statement statements[SUBMIT_STATEMENTS_MAX];
    size_t statement_count;        /* taken from the ask so far */
    const struct brought *brought; /* the ask's, or |read_here| */
    struct brought *read_here;     /* when nobody read it before */
    bool section_chain;
    struct chain_label label;
    struct submit_revision *revisions;
    size_t revision_count;
    const struct authority_section *section; /* of the revisions */
    uint32_t basis_kind;                     /* on what the right to store them rests */
    struct hash basis;
    uint32_t section_local; /* 0: made by this submit */
    uint32_t chart_local;   /* likewise */
    uint64_t number;        /* of the section, as planned so far */
    struct hash head;
    uint64_t time_ms;
    /* What a refusal for good reason may tell. */
    struct note_head conflict;
};

/* Whether the peer may bring these statements at all, before anything tells what exists.
 * Takes them as they were read and sets the draft's target from the first. */
MUST_CHECK enum status submit_permit_statements(struct core *core, struct txn *txn,
                                                const struct core_ask *ask,
                                                struct submit_plan *plan,
                                                struct event_draft *draft);
/* Judges them in order and admits each, into the open try. */
MUST_CHECK enum status submit_plan_statements(struct core *core, struct txn *txn,
                                              struct submit_plan *plan, struct event_draft *draft);
/* ACTION_WRITE, or ACTION_ERASE for a tombstone: erasing is a permission of its own, as
 * clients judge it too. */
uint32_t submit_revision_action(const struct submit_revision *one);
/* Whether the peer may write at all, before anything tells what exists. */
MUST_CHECK enum status submit_permit_revisions(struct core *core, struct txn *txn,
                                               const struct core_ask *ask, struct submit_plan *plan,
                                               struct event_draft *draft);
MUST_CHECK enum status submit_plan_revisions(struct core *core, struct txn *txn,
                                             const struct core_ask *ask, struct submit_plan *plan);

/* One revision against what the section, its chart and its note hold; then, for all of them
 * at once, whether parents that are no longer heads were heads when their authors looked. */
MUST_CHECK enum status submit_judge_revision(struct core *core, struct txn *txn,
                                             struct submit_plan *plan, struct submit_revision *one);
MUST_CHECK enum status submit_judge_parents(struct txn *txn, struct submit_plan *plan);
#ifdef ALCOVE_TEST_HOOKS
/* Takes revisions of others' notes, as a server that lies would. Test thread only. */
extern bool submit_test_anybodys_notes;
#endif
/* After the tombstones of the plan are stored: what their notes held before goes (decision
 * 17). One walk over the section's log, whatever their number. */
MUST_CHECK enum status submit_erase(struct txn *txn, const struct submit_plan *plan);

/* Applying: unexpected failures only. |last| receives the event of the last thing; |reply|
 * goes with it. */
MUST_CHECK enum status submit_apply_statements(struct core *core, struct txn *txn,
                                               const struct core_ask *ask, struct submit_plan *plan,
                                               const struct event_reply *reply,
                                               struct event_written *last);
MUST_CHECK enum status submit_apply_revisions(struct core *core, struct txn *txn,
                                              const struct core_ask *ask, struct submit_plan *plan,
                                              const struct event_reply *reply,
                                              struct event_written *last);
