/*
 * Lines of the access log as they are stored: the parts of the Merkle leaf, the openings
 * beside them, and the fields by which the server finds a line again.
 *
 * The leaf is open part ‖ SHA-256(frame("event-target", opening ‖ target part)) ‖
 * SHA-256(frame("event-restricted", opening ‖ restricted part)) (keys/public/log/leaf.h), so
 * that the chart's client can be given the open part alone and either other part can be
 * dropped later while every proof still verifies. The parts are core's protobuf bytes,
 * taken as they are. An event is the only thing appended per request: the change it made to
 * a section, the answer to remember for a retry and the completed nodes of the tree all lie
 * in its value.
 *
 * Writing: committer thread. Reading: any transaction; what is read is checked against the
 * leaf hash stored when it was written.
 */
#pragma once

#include "proto/limits.h"
#include "server/store/trail.h"

#define EVENTS_PART_BYTES_MAX    EVENT_PART_BYTES_MAX
#define EVENTS_OUTCOME_BYTES_MAX 512u
#define EVENTS_OPENING_BYTES     32u
/* The one kind of change whose object is a record and its link (ENTRY_REVISION of the
 * schema); the objects of all others are statements or nothing that is stored. */
#define EVENTS_KIND_REVISION     1u

/* The fields that a query can filter by. A local number 0 means none; 0 is never valid for the
 * enums. */
struct event_fields {
    uint64_t time_ms; /* leaf time; see events_time */
    uint32_t actor_local;
    uint32_t device_local;
    uint32_t chart_local;
    uint32_t section_local;
    uint16_t action;
    uint16_t outcome;
};

/* A change of a section: what a page of a sync is made of. */
struct event_change {
    uint16_t kind;       /* core's number; goes into the section head. 0: no change */
    struct hash object;  /* of header ‖ signature, or of the statement */
    uint64_t object_seq; /* record or statement seq, as |kind| tells */
};

/* The answer that a write keeps for its own retry (replay.h). */
struct event_reply {
    struct request_id request; /* all zero: nothing to remember */
    struct hash request_hash;
    struct span outcome; /* core's bytes, at most EVENTS_OUTCOME_BYTES_MAX, never content */
};

struct event_new {
    struct event_fields fields;
    struct event_change change;
    struct event_reply reply;
    struct span open;
    struct span target;
    struct span restricted;
    uint8_t target_opening[EVENTS_OPENING_BYTES];
    uint8_t restricted_opening[EVENTS_OPENING_BYTES];
};

/* The numbers that the next event on these will have: core writes them into the open part
 * before it appends. Numbers are 0 where the local number is 0. */
struct event_numbers {
    uint64_t event_seq;
    uint64_t chart_number;
    struct hash chart_previous; /* zero at chart_number 1 */
    uint64_t section_number;
    struct hash section_head;
    struct hash section_times;
};

/* max(newest leaf time, |clock_ms|): the time for the next event or statement (decision 23). */
uint64_t events_time(const struct txn *txn, uint64_t clock_ms);

/* These numbers, and the heads that the event follows. */
struct event_next {
    struct event_numbers numbers;
    struct trail_head actor;
    struct trail_head chart;
    struct trail_head section;
};

/*
 * |change| may be NULL or of kind 0: then the section number and head are those of the
 * newest change, unchanged. Only the local numbers and the time of |fields| are looked at.
 */
MUST_CHECK enum status events_next(struct txn *txn, const struct event_fields *fields,
                                   const struct event_change *change, struct event_next *out_next);

/*
 * Appends one event: leaf, tree nodes, trails, leaf time. All spans are borrowed and copied
 * (never from this transaction's own map). A change needs a section. |next| is what
 * events_next gave for the same fields and change, with no event appended since. Sets the
 * outputs only on STATUS_OK; STATUS_TOO_LARGE for a part past its limit, or the sticky status.
 */
MUST_CHECK enum status events_append_next(struct txn *txn, const struct event_new *event,
                                          const struct event_next *next, uint64_t *out_seq,
                                          struct hash *out_leaf_hash);

/* One stored event; every span points into the map. */
struct event_stored {
    uint64_t seq;
    bool
        damaged; /* its row is not as it was written: events_peek and events_head alone give such */
    struct event_fields fields;
    uint64_t actor_number;
    uint64_t actor_previous; /* event seq; 0 with number 1, and so below */
    uint64_t chart_number;
    uint64_t chart_previous;
    uint64_t section_number; /* 0: changed no section */
    uint64_t section_previous;
    struct hash section_head;
    struct hash section_times;
    struct event_change change;
    struct event_reply reply;
    struct hash leaf_hash;
    struct span nodes;       /* completed inner nodes, 32 bytes each, from level 1 */
    bool leaf_dropped;       /* after retention: only hashes and fields are left */
    bool restricted_dropped; /* only its hash is left */
    struct span open;
    struct span target;
    struct span restricted;
    struct span target_opening; /* EVENTS_OPENING_BYTES, or empty when dropped */
    struct span restricted_opening;
    struct hash target_hash; /* as it stands in the leaf */
    struct hash restricted_hash;
};

/* Reads and checks one. STATUS_NOT_FOUND; STATUS_CORRUPT when the bytes do not give the
 * leaf hash: then no part of it may be served. */
MUST_CHECK enum status events_get(struct txn *txn, uint64_t seq, struct event_stored *out_event);

/* Reads one without recomputing the leaf: for filters and trails. What it gives must not be
 * sent, and may be damaged: whoever follows it checks where it leads. */
MUST_CHECK enum status events_peek(struct txn *txn, uint64_t seq, struct event_stored *out_event);
/* The same without the leaf's parts and the reply, which stay empty: for walks that read only
 * links, hashes and nodes of many events. */
MUST_CHECK enum status events_head(struct txn *txn, uint64_t seq, struct event_stored *out_event);

/* The leaf hash of an event whose row may be damaged: the one stored, or the one that its parts give,
 * whichever the tree above confirms. STATUS_CORRUPT, STATUS_NOT_FOUND: it is lost. */
MUST_CHECK enum status events_leaf_hash(struct txn *txn, uint64_t seq, struct hash *out_hash);

/* Any field left 0 matches everything; times are a closed range, |time_to_ms| 0 is open. */
struct event_filter {
    struct event_fields fields; /* time_ms and device_local: 0 */
    uint64_t time_from_ms;
    uint64_t time_to_ms;
    uint64_t before_seq; /* only events below; UINT64_MAX for the newest */
};

#define EVENTS_SCAN_MAX 8192u

/*
 * Newest first: the seqs of up to |capacity| matching events, along the actor's or the
 * chart's trail where the filter names one. Looks at EVENTS_SCAN_MAX events at most, so one
 * question cannot hold its transaction long: *out_before is where to go on (as before_seq),
 * or 0 when everything was looked at. STATUS_CORRUPT.
 */
MUST_CHECK enum status events_query(struct txn *txn, const struct event_filter *filter,
                                    uint64_t *out_seqs, size_t capacity, size_t *out_count,
                                    uint64_t *out_before);

/* The first seq whose time is at or after |time_ms|; the log's size when there is none. */
MUST_CHECK enum status events_at_time(struct txn *txn, uint64_t time_ms, uint64_t *out_seq);
