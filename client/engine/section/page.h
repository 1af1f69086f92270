/*
 * A page of a section on its way in: everything about it is held back until its last entry
 * was checked, and then kept at once. Internal to the engine.
 */
#pragma once

#include "client/engine/log/event.h"
#include "client/engine/section/kept.h"

struct page_item {
    uint32_t kind; /* EntryKind */
    struct hash object;
    struct indexed item; /* REVISION */
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
    struct timeline timeline; /* ours, moved on */
    uint64_t from, to;
    struct hash head_before;
    struct seen_log seen;  /* the events log as this page's proof shows it */
    uint64_t event_number; /* the section's last number as the event says */
    struct hash event_head;
    uint64_t time_ms;
    bool entered; /* its first entry was looked at */
    struct page_item *items;
    size_t item_count, item_capacity;
    struct page_device *devices;
    size_t device_count;
    struct hash first_seen[EPOCH_STARTS_MAX]; /* devices verified in this page for the first time */
    size_t first_count;
    uint8_t *scratch; /* opened texts pass through here */
    size_t scratch_size;
    bool erased; /* some entry came without its text */
};

struct page *page_new(void);
void page_free(struct page *page);

/* Checks one entry and adds it. An alarm was raised for any status but our own troubles. */
MUST_CHECK enum status take_entry(struct engine *engine, struct page *page,
                                  const Alcove__PageEntry *entry);
/* The last signature of each device, and what their authors had seen of the logs. */
MUST_CHECK enum status take_signatures(struct engine *engine, struct page *page);

/* A revision of our own, just accepted by the server, goes the same way. */
MUST_CHECK enum status page_keep(struct engine *engine, struct page *page);
