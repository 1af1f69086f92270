/*
 * A page of a section on its way in: everything about it is held back until its last entry
 * was checked, and then kept at once. Internal to the engine.
 */
#pragma once

#include "client/engine/section/authors.h"
#include "client/engine/section/section.h"

struct page_item {
    uint64_t number;
    uint32_t kind; /* EntryKind; NONE: a revision of which only the place is here (lost.h) */
    struct hash object;
    struct indexed item; /* REVISION */
    bool found;          /* a REVISION that was lost before (lost.h) */
    struct hash parents[CONTEXT_PARENTS_MAX];
    uint8_t *bytes; /* what is stored */
    size_t size;
};

/* The newest revision of one device in this page. */
struct page_device {
    struct hash device;
    uint64_t number;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_size;
    struct signature signature;
    bool verified;
    bool has_seen;
    struct seen seen;
};

struct page {
    size_t section;
    bool again;               /* of entries that are here: only texts that did not open count */
    struct timeline timeline; /* ours, moved on */
    uint64_t from, to;
    struct hash head_before, times_before;
    struct seen_log seen;  /* the events log as this page's proof shows it */
    uint64_t event_number; /* the section's last number as the event says */
    struct hash event_head, event_times;
    struct chart_seen chart; /* the highest place in the chart's history that it tells of */
    uint64_t time_ms;
    uint64_t revisions, signatures; /* checked in it */
    bool entered;                   /* its first entry was looked at */
    struct page_item *items;
    size_t item_count, item_capacity;
    struct page_device *devices;
    size_t device_count;
    struct hash first_seen[EPOCH_STARTS_MAX]; /* devices verified in this page for the first time */
    size_t first_count;
    uint8_t *scratch; /* opened texts pass through here */
    size_t scratch_size;
    bool erased;            /* some entry came without its text */
    size_t gaps;            /* revisions whose text cannot be read, though it ought to be */
    struct authors authors; /* of notes that begin in it */
};

/* page_ask.c */
/* Asks for what follows the last number that we verified of the section at |index|. */
MUST_CHECK enum status page_ask(struct sections *sections, size_t index);
/* The same from a number that an answer on its way ends before. */
MUST_CHECK enum status page_ask_from(struct sections *sections, size_t index, uint64_t from);
/* |again|: of entries that are here already. */
MUST_CHECK enum status page_ask_range(struct sections *sections, size_t index, uint64_t from,
                                      uint64_t to, bool again);
/* The last number of a page from that one. */
uint64_t page_ask_end(const struct sections *sections, uint64_t from);
/* page.c */
MUST_CHECK enum status page_reply(struct sections *sections, struct request *request,
                                  const Alcove__PageReply *reply);
/* One frame of chunks; |more| says that the chunk goes on in the next. */
MUST_CHECK enum status page_chunk(struct sections *sections, struct request *request, bool more,
                                  struct span body);
/* The server could not hand out what was asked for: |why|. The section is left alone for a while, and
 * the others go on; when several follow one another, it is the server. */
void page_stopped(struct sections *sections, size_t index, enum status why);
void page_drop(struct request *request);
/* At a page's first entry, since only then the page before it is surely whole: it must follow where we
 * stand. */
MUST_CHECK enum status page_enter(struct sections *sections, struct page *page);
/* After its last entry: number and head are those that the event names, and the signatures hold.
 * Keeps nothing yet. */
MUST_CHECK enum status page_finish(struct sections *sections, struct page *page);
struct page *page_new(void);
void page_free(struct page *page);

/* page_take.c: checks one entry and adds it. An alarm was raised for any status but our own
 * troubles. */
MUST_CHECK enum status page_take_entry(struct sections *sections, struct page *page,
                                       const Alcove__PageEntry *entry);
/* A REVISION that the server calls damaged (page_damaged.c). */
MUST_CHECK enum status page_take_damaged(struct sections *sections, struct page *page,
                                         const Alcove__PageEntry *entry);
/* What page_take.c does for it: judges the next entry of the section; adds a revision that was
 * judged, with the text that |entry| has; the alarm for an entry that does not hold. */
MUST_CHECK enum status page_take_step(struct sections *sections, struct page *page, uint64_t number,
                                      const struct timeline_entry *next);
MUST_CHECK enum status page_take_judged(struct sections *sections, struct page *page,
                                        const Alcove__PageEntry *entry,
                                        const struct revision_context *context,
                                        const struct hash *link, const struct signature *signature);
MUST_CHECK enum status page_add_revision(struct sections *sections, struct page *page,
                                         const Alcove__PageEntry *entry,
                                         const struct revision_context *context,
                                         const struct hash *link);
enum status page_bad(struct sections *sections, enum status status, const char *reason,
                     uint64_t number);
/* Checks the newest signature of a device in this page, which vouches for those before. */
MUST_CHECK enum status page_verify_device(const struct sections *sections, struct page *page,
                                          const struct hash *device);
/* Opens a text under |key|: STATUS_OK, *out_state OPEN and the text in page->scratch, or UNOPENED.
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status page_open_text(const struct sections *sections, struct page *page,
                                      const struct kept *sealed, const struct secret *key,
                                      enum kept_state *out_state, struct span *out_text);
/* Each item of the page that is a name is told to the names. */
MUST_CHECK enum status page_take_names(struct sections *sections, const struct page *page);
/* The last signature of each device, and what their authors had seen of the logs: checked, and
 * remembered by page_keep. */
MUST_CHECK enum status page_take_signatures(struct sections *sections, struct page *page);

/* Notes that the page tells of this place in its chart's history. STATUS_EQUIVOCATION if something
 * else was told of the same number, by anybody; STATUS_BAD_CHAIN for another chart. */
MUST_CHECK enum status page_chart(const struct sections *sections, struct page *page,
                                  const struct chart_seen *told);

/* page_keep.c: all of it or nothing, in one transaction, and only then what follows from it in
 * memory: places in charts, words on the logs, names. Nothing else may remember anything of a page.
 * What the server took of ours comes the same way (own.h), so that one path alone verifies. */
MUST_CHECK enum status page_keep(struct sections *sections, struct page *page);
/* The same for |count| pages of as many sections, together: all of them or none. */
MUST_CHECK enum status page_keep_all(struct sections *sections, struct page *const *pages,
                                     size_t count);

/* page_hold.c: a page that was checked whole may wait for those of other sections, so that the
 * first sync of many sections is not one transaction for each. Takes |page| and returns true, or
 * leaves it to page_keep: of a section that goes on, and where keeping could still find fault. */
bool page_hold(struct sections *sections, struct page *page);
/* Keeps all that wait; must be called before anything but a further page is asked for. */
MUST_CHECK enum status page_keep_held(struct sections *sections);
/* Forgets them: they are asked for again. */
void page_drop_held(struct sections *sections);
/* page_again.c: asks once more for revisions of the section that are gaps; only where
 * section_asks_again says so. */
MUST_CHECK enum status page_again_ask(struct sections *sections, size_t index);
/* One entry of the answer: what opens now is put into the page, all else is passed over. It must be
 * the revision that is here. */
MUST_CHECK enum status page_again_entry(struct sections *sections, struct page *page,
                                        const Alcove__PageEntry *entry);
/* Keeps what opened. */
MUST_CHECK enum status page_again_keep(struct sections *sections, struct page *page);
/* Revisions that were kept sealed are opened under the keys that came since. */
MUST_CHECK enum status page_again_unseal(struct sections *sections, struct section *section);
