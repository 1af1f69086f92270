/*
 * What people and the practice are called: by NOTE_NAME notes of those who may name them, or by
 * our own word (petname.c). Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

#define NAME_BYTES_MAX 128u

/* Who gave a name; what comes later here goes before what comes earlier. */
enum name_from {
    NAME_OURS, /* our own word (petname.c) */
    NAME_CHART,
    NAME_DIRECTORY,
};

struct person_name {
    struct member_id member;
    enum name_from from;
    char text[NAME_BYTES_MAX];
};

struct names {
    struct common *common;
    struct log *log;
    struct person_name *items;
    size_t count, capacity;
    char practice[NAME_BYTES_MAX]; /* empty: not known */
};

struct sections; /* section.h */

/* Takes it if |author| may name that person in that section; passes over it otherwise. */
MUST_CHECK enum status name_take(struct names *names, const struct authority_section *facts,
                                 const struct member_id *author, struct span text);
/* What we call them ourselves, unless a note said better. At most 127 bytes. */
MUST_CHECK enum status name_pet(struct names *names, const struct member_id *member,
                                struct span text);
/* From the sections in which names are kept. */
MUST_CHECK enum status name_load(struct names *names, const struct sections *sections);
/* The name, or the first digits of the id; terminated. */
void name_say(const struct names *names, const struct member_id *member,
              char out_name[static NAME_BYTES_MAX]);
/* NULL: nobody told us. */
const char *name_of(const struct names *names, const struct member_id *member);
