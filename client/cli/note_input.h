/* What a person gave for one note: the options of `write`, `reflect` and `moment`. */
#pragma once

#include "client/cli/option.h"

struct note_input {
    const char *chart;
    uint32_t class; /* 0: that of the note it is added to */
    const char *title;
    const char *file;
    const char *kept; /* the name of a kept text that the editor begins with */
    const char *note;
    const char *reason;
    uint32_t template; /* in note_text_templates, from 1 */
    struct option_texts tags;
    bool draft;
    bool sign; /* a draft; else what is changed of one stays a draft */
    bool addendum;
    bool correction;
    bool late_entry;
    bool yes;
    struct option_links after; /* the heads that the editor was begun with */
    uint32_t category;         /* in note_categories, from 1 */
    const char *share;
    bool bring;
    /* Of a text that is kept until it is a note; not on a command line. */
    const char *becomes; /* hex digits of the id that a new note gets */
    uint64_t typed_ms;   /* when it was typed, which its revision says too; 0: it is now */
    const char *copy;    /* the name of the kept copy, which goes when the note is in the outbox */
    bool again;          /* it may be a note already, of a command that was ended */
};

/* The rows of these, for each command that takes such a text. */
#define NOTE_INPUT_KEPT_OPTIONS                                                                    \
    {"becomes", OPTION_TEXT, offsetof(struct note_input, becomes), NULL, NULL, NULL},              \
        {"copy", OPTION_TEXT, offsetof(struct note_input, copy), NULL, NULL, NULL},                \
        {"typed", OPTION_NUMBER, offsetof(struct note_input, typed_ms),                            \
         NULL,    NULL,          &note_input_typed},                                               \
    {                                                                                              \
        "again", OPTION_FLAG, offsetof(struct note_input, again), NULL, NULL, NULL                 \
    }
extern const struct option_rule note_input_typed;
