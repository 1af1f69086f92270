/* What note_list.c collects and note_rows.c prints. */
#pragma once

#include "client/cli/note_list.h"

#define NOTE_TITLE_BYTES_MAX   160u
#define NOTE_SNIPPET_BYTES_MAX 400u

/* A section, and in words who else can open it. */
struct note_place {
    struct view_section section;
    char client[VIEW_NAME_BYTES_MAX];
    char *others; /* "Anna, Ben"; empty: nobody else */
    cJSON *readers;
};

/* One note, copied: a visitor's words end with its call. */
struct note_item {
    struct view_note note;
    size_t place;
    uint64_t written_ms;
    uint32_t body_kind; /* NoteKind; 0: not to be read here */
    bool bring;         /* to the next session */
    bool added;         /* its newest revision is an addition */
    bool is_new;        /* this device has not shown its newest revision yet */
    char title[NOTE_TITLE_BYTES_MAX + 1];
    size_t title_size;
};

/* A row that is printed: what had to be read again for it. */
struct note_row {
    struct note_list *list;
    struct note_item *item;
    struct span wanted; /* the link of the revision that a search found, or empty */
    char snippet[NOTE_SNIPPET_BYTES_MAX];
    size_t snippet_size;
    enum status status;
};

/* Takes the title, or else the first line of the text. */
void note_item_title(struct note_item *item, const Alcove__NoteBody *body);
