/*
 * What people and the practice are called: by NOTE_NAME notes of those who may name them, or by
 * our own word (petname.c). Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

#define NAME_BYTES_MAX 128u

/* Who gave a name; what comes later here goes before what comes earlier. */
enum name_from {
    NAME_OURS,  /* our own word (petname.c) */
    NAME_TOLD,  /* of a colleague, by who owns the client's shared section */
    NAME_CHART, /* of the client, and of the author */
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
struct section;

/* Whether this may be somebody's name, wherever it comes from (client/text/label.h). */
bool name_is_good(struct span name);
/* Takes it if it is good and |author| may name that person in that section; passes over it
 * otherwise. */
MUST_CHECK enum status name_take(struct names *names, const struct authority_section *facts,
                                 const struct member_id *author, struct span text);
/* Whether |text| is a NOTE_NAME that names that person. */
bool name_note_is_of(struct span text, const struct member_id *member);
/* Whether a note of |author| that is here names that person in the section. */
MUST_CHECK enum status name_is_given(const struct sections *sections, struct section *section,
                                     const struct member_id *author, const struct member_id *member,
                                     bool *out_given);
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
