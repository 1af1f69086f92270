/*
 * One attempt of the matrix: who tries what, what the file expects, what came, and which events
 * it left. Wrong ones are printed and counted, so that one run shows all. One thread.
 */
#pragma once

#include "tests/e2e/world.h"

struct attempts {
    struct world *world;
    const struct policy_file *policy;
    uint64_t next_event; /* the first that no attempt or setup has accounted for */
    size_t count, allowed, wrong, driven;
    bool seen[POLICY_ROLE_COUNT + 1u][POLICY_RELATION_COUNT][POLICY_CLASS_COUNT]
             [POLICY_ACTION_MAX + 1u];
};

/* What is tried and what the log must then say. */
struct attempt {
    enum world_person person;
    uint32_t relations;
    uint32_t class; /* of the cell */
    uint32_t action;
    const struct section_id *section; /* NULL: none in the event */
    size_t things;                    /* stored when allowed: events */
    bool more;                        /* further events may tell sections that it concerns them */
};

void attempts_init(struct world *world, const struct policy_file *policy,
                   struct attempts *out_attempts);
/* From here on nobody's engine speaks; what happened so far is accounted for. */
void attempts_go_raw(struct attempts *attempts);
/* Engines speak again. */
void attempts_end_raw(struct attempts *attempts);
/* The attempt's cells count as driven. */
void attempts_mark(struct attempts *attempts, const struct attempt *attempt);
/* Compares what came with the file, and the log with what came. True: it was allowed. */
bool attempt_judge(struct attempts *attempts, const struct attempt *attempt,
                   const struct live_reply *reply);

/* The same with the expectation given. */
bool attempt_expect(struct attempts *attempts, const struct attempt *attempt, bool expected,
                    const struct live_reply *reply);

void attempt_login(struct attempts *attempts, enum world_person person);
void attempt_practice(struct attempts *attempts, enum world_person person);
/* All actions of one person on one section; making a directory is in attempt_directory. */
void attempt_content(struct attempts *attempts, enum world_person person, enum world_set set,
                     uint32_t class);
/* Everybody else tries to make the directory before the admin does, since there is only one. */
void attempt_directory(struct attempts *attempts);
/* The maker of the class' section grants |person| each right that the file does not give. */
void attempt_give(struct attempts *attempts, enum world_person person, uint32_t class);

/* Cells of the file that were not driven and whose reason does not say that they cannot arise:
 * printed and counted. */
size_t attempts_left_out(const struct attempts *attempts);
