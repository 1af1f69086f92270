/*
 * What is true of a simulated practice, as its people would tell it: who let whom into which
 * section and when, what each person typed, and what the server said that it took.
 *
 * Shares no code with the product but ids. Moments are step numbers. What was asked and not yet
 * answered may be in force or not, so a model of two moments is kept of everything: *asked*, from
 * which it may hold, and *done*, from which it must. Whatever a check forbids is forbidden under
 * every order that these allow. One thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define MODEL_MEMBERS_MAX  32u
#define MODEL_SECTIONS_MAX 256u
#define MODEL_TEXT_CHARS   48u
#define MODEL_NEVER        UINT64_MAX

enum model_fate {
    MODEL_TYPED,   /* on its author's device; the server may have it */
    MODEL_TAKEN,   /* acknowledged: never to be lost */
    MODEL_REFUSED, /* refused for good; its author still has it */
    MODEL_UNSURE,  /* its device died while it was taking it */
    MODEL_ASTRAY,  /* taken by a copy of the server, which nobody else talks to for long */
};

struct model_text {
    char text[MODEL_TEXT_CHARS];
    unsigned member, section;
    unsigned device; /* the simulator's number of the device that it was typed on */
    uint64_t ticket; /* on that device */
    uint64_t asked, done;
    enum model_fate fate;
    bool spoiled; /* its author's program sent it with keys that open nothing, or may have */
};

/* One stay of a member in a section. */
struct model_stay {
    unsigned member, section;
    uint64_t asked, done; /* let in */
    uint64_t out_asked, out_done;
    bool history; /* with all that was written before */
    bool sure;    /* must see what it was let into; not so once anything else could end it */
    bool unheard; /* by a device from which a further one was added meanwhile */
};

struct model_section {
    struct section_id id;
    unsigned maker;
    uint32_t class;
    unsigned client; /* whose chart; MODEL_MEMBERS_MAX: the directory */
};

struct model {
    struct member_id members[MODEL_MEMBERS_MAX];
    bool staff[MODEL_MEMBERS_MAX];
    bool shaken[MODEL_MEMBERS_MAX]; /* once put out of all: nothing is promised from then on */
    unsigned member_count;
    struct model_section sections[MODEL_SECTIONS_MAX];
    unsigned section_count;
    struct model_text *texts;
    size_t text_count, text_capacity;
    struct model_stay *stays;
    size_t stay_count, stay_capacity;
};

void model_free(struct model *model);
unsigned model_member(struct model *model, const struct member_id *id, bool staff);
/* MODEL_SECTIONS_MAX: not known. */
unsigned model_section(const struct model *model, const struct section_id *id);
/* Made, with its maker in it. */
unsigned model_made(struct model *model, const struct section_id *id, uint32_t class,
                    unsigned maker, unsigned client, uint64_t step);

/* A text that no other text is like; its number. */
size_t model_typed(struct model *model, unsigned member, unsigned section, unsigned device,
                   uint64_t step);

/* |member| is let in: asked for in this step. The stay's number. */
size_t model_let_in(struct model *model, unsigned member, unsigned section, bool history,
                    uint64_t step);
/* Every stay of |member| is ended in |section| (MODEL_SECTIONS_MAX: in all; of |client|'s chart if
 * that is a member): asked for at |asked|, in force for certain at |done|. */
void model_put_out(struct model *model, unsigned member, unsigned section, unsigned client,
                   uint64_t asked, uint64_t done);

/* The text that a reader shows; NULL: nobody ever typed that. */
struct model_text *model_find(struct model *model, const char *text, size_t chars);
/* Whether |member| may hold it under some order of what was asked. */
bool model_may_hold(const struct model *model, unsigned member, const struct model_text *text);
/* Whether |member| must see it once the world is calm, on a device that was being added from |asked|
 * to |came|: of what its member was let into meanwhile, or had not heard of, nothing is promised to it. */
bool model_must_see(const struct model *model, unsigned member, const struct model_text *text,
                    uint64_t asked, uint64_t came);
