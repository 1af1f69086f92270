/*
 * Notes as a list, the newest first whatever section they are in: when each was written, what it
 * is called, whose chart it is in, what still has to be done; of a search also where it was found.
 *
 * Collected first and printed at the end, so that only the rows that are printed are read whole.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

struct note_item;
struct note_place;

struct note_list {
    struct cli *cli;
    bool headed;       /* each row says whose chart it is in: for people who have several */
    uint32_t class;    /* of this class alone; 0: any */
    bool drafts;       /* drafts alone */
    bool only_new;     /* what this device has not shown yet alone */
    uint64_t since_ms; /* written since, by the author's clock or the server's */
    uint64_t limit;    /* so many rows, the newest; 0: all */
    size_t known;      /* so many notes there are, collected or not; 0: all were collected */
    struct span found; /* folded by text_fold: rows say where it stands; empty: a plain list */
    /* what was collected */
    struct note_item *items;
    size_t count, room;
    struct note_place *places; /* the sections */
    size_t place_count, place_room;
};

/* The last |last| notes of one section, and what waits for it. STATUS_OK, or those of
 * view_last_notes. */
MUST_CHECK enum status note_list_section(struct note_list *list, const struct view_section *section,
                                         size_t last);
/* One revision that a search found; |list->found| is set. STATUS_OK, STATUS_NO_MEMORY, or those of
 * view_section and view_access. */
MUST_CHECK enum status note_list_add(struct note_list *list, const struct view_revision *revision);
void note_list_free(struct note_list *list);
