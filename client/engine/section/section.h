/*
 * What we hold of sections: how far each was verified, the keys that open it, what authors told
 * of charts. Internal to the engine. One thread.
 *
 * The room sees the log, since every entry is judged by the authority; it does not see the
 * outbox: what a person wants changes nothing that is verified.
 */
#pragma once

#include "client/engine/log/log.h"
#include "client/engine/section/index.h"
#include "keys/public/authority/timeline.h"

struct epoch_key {
    uint64_t epoch;
    struct hash statement;
    struct secret *key;
};

/* A section that we hold or are offered. */
struct section {
    struct section_id id;
    struct chain_label label;
    uint32_t local;      /* its short name in storage keys */
    bool listed;         /* in the newest STATE */
    uint64_t known;      /* last number, the server's word */
    uint64_t ended_at;   /* number at which we were removed; 0: in */
    uint64_t denied;     /* the server refused to hand out numbers up to this one */
    uint64_t refused_at; /* statements verified when a page was asked for and refused, since STATE;
                          * 0: none was */
    bool started;        /* the timeline stands at a place that we trust */
    struct timeline timeline;
    struct hash verified_device[EPOCH_STARTS_MAX]; /* one signature of them was checked */
    size_t verified_count;
    /* A revision of ours that the server refused: its number is used again (decision 12). */
    uint64_t refused_number;
    struct hash refused_link;
    struct epoch_key *keys; /* by epoch */
    size_t key_count;
    size_t epochs_tried, reseals_tried; /* how many of the authority's were looked at */
    uint64_t start_epoch;               /* from which we were given the log; 0: from its start */
    uint64_t missing_number;            /* an entry there named something not yet known */
    /* Revisions that are here and cannot be read though they ought to be (kept_is_gap): how many, up
     * to which number a person was told of them, and when they are asked for again. */
    uint64_t gaps;
    uint64_t told;
    struct backoff again;
    uint64_t again_from;    /* where the next ask begins */
    struct backoff stopped; /* the server could not hand out what follows */
    bool stopped_told;      /* to a person */
    bool unseal;            /* a key came: what was kept sealed may open */
    bool held;              /* what follows was checked and waits to be kept (page_hold.c) */
    struct index index;
};

/* The highest place in a chart's own history that anybody told us (decision 15). */
struct chart_seen {
    struct chart_id chart;
    uint64_t number; /* 0: none */
    struct hash leaf;
};

struct names; /* name.h */
struct own;   /* own.h */
struct page;  /* page.h */

/* Pages of several sections that were checked whole and are kept in one transaction. */
#define SECTION_HELD_MAX       64u
#define SECTION_HELD_BYTES_MAX (1024u * 1024u)
struct held_pages {
    struct page *pages[SECTION_HELD_MAX];
    size_t count, bytes;
};

struct sections {
    struct common *common;
    struct log *log;
    struct names *names; /* told of each NOTE_NAME note that is kept */
    struct section *items;
    size_t count, capacity;
    struct chart_seen *charts;
    size_t chart_count;
    struct held_pages held;
    struct own *own; /* of ours, taken by the server and not yet here; NULL: none */
    size_t
        stopped_in_row; /* pages that the server could not hand out, without a good one between */
    bool synced_once;   /* everything was here once */
    /* Progress of the pages under way; since engine_new. */
    uint64_t bytes_expected, bytes_received;
    uint64_t revisions_verified, signatures_checked;
};

void section_deinit(struct sections *sections);
struct section *section_find(const struct sections *sections, const struct section_id *id);
/* Takes the newest STATE's list: all of it or, if one of them does not hold together with what is
 * here, nothing. STATUS_MALFORMED, STATUS_BAD_CHAIN, STATUS_REWOUND, STATUS_NO_MEMORY. */
MUST_CHECK enum status section_list(struct sections *sections, const Alcove__StateReply *state);
const struct secret *section_key(const struct section *section, const struct hash *epoch);
/* What we read and write the section for: the first purpose that our relation to it allows. */
uint32_t section_purpose(const struct sections *sections, const struct section_id *section);
/* Whether there is a page to ask for. */
bool section_behind(const struct section *section);
/* The server says or shows that it hands out no more of a section whose end is not here: it leaves
 * it out of its list, names an end of ours, or refused what follows. That is a hint alone. */
bool section_withheld(const struct section *section);
/* As section_behind, and the server may be asked for it now. */
bool section_asks(const struct section *section, uint64_t now_ms);
/* Whether gaps may be asked for again now. */
bool section_asks_again(const struct section *section, uint64_t now_ms);
/* A page was refused that was asked for with |statements| verified. Removed since, the next STATE
 * says so; or the statements say otherwise, which the next fold looks at. Not asked again before. */
void section_refused(struct sections *sections, struct section *section, uint64_t statements);
/* Makes the index if there is none, and stores what should be: outside of a transaction.
 * STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status section_index(const struct sections *sections, struct section *section);
/* The same for whoever shows what is there: STATUS_CORRUPT also when an entry that was read is not kept
 * any more, and then the storage is doubted (storage_doubt). Not while a page is being taken. */
MUST_CHECK enum status section_index_whole(const struct sections *sections,
                                           struct section *section);
/* The same within a transaction of the caller, which has stored entries up to |last|; stores no
 * index. */
MUST_CHECK enum status section_index_to(const struct sections *sections, struct section *section,
                                        uint64_t last);
/* The highest place in the chart's history that we know of; NULL: none. */
const struct chart_seen *section_chart_seen(const struct sections *sections,
                                            const struct chart_id *chart);
/* STATUS_EQUIVOCATION if what is known has another leaf at that number. Changes nothing. */
MUST_CHECK enum status section_chart_fits(const struct sections *sections,
                                          const struct chart_seen *told);
/* Remembers it, if it is the highest yet. Only for what was proved or signed, once all of the
 * answer that brought it holds: what is remembered here is signed in our own next revision. */
MUST_CHECK enum status section_chart_saw(struct sections *sections, const struct chart_seen *told);

/* section_begin.c. Sets the timeline at its beginning, once we hold a key. */
MUST_CHECK enum status section_begin(struct sections *sections, struct section *section);
/* What was kept of it goes, and is fetched again once section_begin was called. */
MUST_CHECK enum status section_forget(struct sections *sections, struct section *section);

/* section_keys.c: opens what epoch keys are sealed to us. A seal that should open and does not is
 * told. */
MUST_CHECK enum status section_open_keys(struct sections *sections, struct section *section);

/* section_store.c */
MUST_CHECK enum status section_load(struct sections *sections);
/* Notes durably that everything was here once; nothing the second time. */
MUST_CHECK enum status section_store_synced(struct sections *sections);
/* Within a transaction of the caller. */
MUST_CHECK enum status section_store(struct sections *sections, const struct section *section);
/* The same for a place in a chart's history, if it is higher than what is remembered. */
MUST_CHECK enum status section_store_chart(const struct sections *sections,
                                           const struct chart_seen *told);
