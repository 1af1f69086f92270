/*
 * Who may do what: one table, called by the server before it serves or stores and by
 * every client before it trusts. No other file holds a permission test.
 *
 * A cell is (role, relation, class, action). A member is allowed who has any relation whose
 * cell is set; POLICY_ANY, the role alone, always counts. Relations come from signed statements
 * (keys/public/authority/authority.h) and are only a ceiling: content also needs an owner's
 * grant. An action that is not in the table is refused. Pure; any thread, except the test hooks.
 */
#pragma once

#include "proto/status.h"
#include "proto/words.h"

/* Between an actor and a chart or section. */
enum policy_relation {
    POLICY_ANY = 1u,       /* none needed: the role alone */
    POLICY_OWN_CHART = 2u, /* the chart is about the actor */
    POLICY_AUTHOR = 4u,    /* made the section */
    POLICY_TREATS = 8u,
    POLICY_COVERS = 16u,
    POLICY_SUPERVISES = 32u, /* the section's owner */
    POLICY_TRAINS = 64u,
    POLICY_DELEGATED = 128u, /* may invite clients */
    POLICY_UNOWNED = 256u,   /* the chart is about the actor, and nobody owns the section */
};
#define POLICY_RELATION_COUNT 9u
#define POLICY_ROLE_COUNT     ROLE_COUNT              /* without ROLE_NONE */
#define POLICY_CLASS_COUNT    (NOTE_CLASS_COUNT + 1u) /* CLASS_NONE too */
#define POLICY_ACTION_MAX     32u

/* A class that a section can be of: one of the schema's, but CLASS_NONE. They are the numbers
 * 1 to POLICY_CLASS_COUNT - 1, for whoever wants them all. */
bool policy_class_valid(uint32_t class);

/* True iff |role|, with any of |relations| or by itself, may do |action| in |class|
 * (CLASS_NONE: practice actions). Numbers out of range are simply not allowed. */
bool policy_allows(uint32_t role, uint32_t relations, uint32_t class, uint32_t action);
/* The same for one cell: exactly this one relation bit. */
bool policy_cell(uint32_t role, uint32_t relation, uint32_t class, uint32_t action);
/* The rights (RIGHT_*) that the table lets such a member hold: the right to read needs the action
 * READ, to write WRITE, to own GRANT. */
uint32_t policy_rights(uint32_t role, uint32_t relations, uint32_t class);

/* One row of the table: every action of |actions| (bit n: action n) is allowed. */
struct policy_row {
    uint32_t role;
    uint32_t relation;
    uint32_t class;
    uint64_t actions;
};
/* The table itself, for tests and documents. Lives for ever. */
const struct policy_row *policy_rows(size_t *out_count);

/* Words as in documents ("therapist", "process", "create-section"), made from the schema's names;
 * "none" for 0; "?" out of range. */
const char *policy_role_name(uint32_t role);
const char *policy_class_name(uint32_t class);
const char *policy_action_name(uint32_t action);

#ifdef ALCOVE_TEST_HOOKS
/* Inverts one cell for the whole process until the next call; action 0: none. So that
 * the matrix test can show that it notices any single wrong cell. Test thread only. */
void policy_test_flip(uint32_t role, uint32_t relation, uint32_t class, uint32_t action);
#endif
