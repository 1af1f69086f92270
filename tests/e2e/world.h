/*
 * A practice in which every relation of policy.tsv stands: for each of them one person who has
 * that relation to one client's chart and no other, sections of every class with the best
 * grant that an owner can give each of them, and somebody to grant to. One per program.
 */
#pragma once

#include "tests/support/cast.h"
#include "tests/support/forge.h"
#include "tests/support/policy_file.h"

enum world_person {
    WORLD_ADMIN,
    WORLD_AUDITOR,
    WORLD_OWNER,    /* therapist: treats the client and made most sections */
    WORLD_PAST,     /* therapist: made sections, and treats the client no more */
    WORLD_STRANGER, /* therapist without any relation */
    WORLD_TREATS,
    WORLD_COVERS,
    WORLD_SUPERVISES, /* the owner */
    WORLD_TRAINS,     /* the owner */
    WORLD_DELEGATED,
    WORLD_CLIENT,   /* whose chart it is */
    WORLD_OTHER,    /* another client */
    WORLD_STANDING, /* therapist: treats, trains owner and past; has read everywhere */
    WORLD_NEWCOMER, /* therapist: likewise, but has nothing yet */
    WORLD_VICTIM,   /* therapist without any relation, to be suspended and the like */
    WORLD_PEOPLE,
};

/* Sections by who made them. */
enum world_set {
    WORLD_MAIN,     /* one of each class, by whom it is usual; everybody tries these */
    WORLD_BY_PAST,  /* by WORLD_PAST, while treating */
    WORLD_BY_CLIENT /* a safety card of the client's own */
};
#define WORLD_SETS 3u

struct world {
    struct live live;
    struct live_person people[WORLD_PEOPLE];
    struct live_person second; /* the client's further device */
    struct chart_id chart;
    struct hash delegation;
    struct section_id section[WORLD_SETS][POLICY_CLASS_COUNT];
    struct note_id note[POLICY_CLASS_COUNT];
    struct hash note_link[POLICY_CLASS_COUNT];
    struct mirror mirror;
};

/* |policy| says what is worth granting. All but the directory. */
void world_start(struct world *world, const struct policy_file *policy);
void world_make_directory(struct world *world, const struct policy_file *policy);
void world_stop(struct world *world);

enum world_person world_maker(enum world_set set, uint32_t class);
bool world_has(enum world_set set, uint32_t class);
/* Its owner is gone, or it never had one: its client may hand it on. */
bool world_unowned(enum world_set set, uint32_t class);
/* Relations (POLICY_*) of a person to a section of the set; CLASS_NONE: to the practice. */
uint32_t world_relations(enum world_person person, enum world_set set, uint32_t class);
uint32_t world_role(enum world_person person);
const char *world_name(enum world_person person);
