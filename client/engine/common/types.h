/*
 * What the engine is given and what it tells: the types that engine.h hands on to whoever uses
 * the engine, and that its rooms fill in. No functions.
 */
#pragma once

#include "client/engine/common/storage.h"
#include "proto/ids.h"
#include "proto/status.h"

#define ENGINE_EXPORTER_BYTES   32u
#define ENGINE_PAGE_ENTRIES     1024u
#define ENGINE_ALARMS_MAX       32u
#define ENGINE_ALARM_CHARS_MAX  256u
/* Leaf time and our clock may differ by this before it is shown, and before writing
 * stops until engine_confirm_clock (decision 23). */
#define ENGINE_CLOCK_SHOWN_MS   (10ull * 60u * 1000u)
#define ENGINE_CLOCK_STOPPED_MS (24ull * 3600u * 1000u)

struct keystore_content;

struct engine_config {
    /* An opened keystore's content: borrowed for the engine's life and changed in place
     * (highest checkpoints seen, the server's announced keys, PSKs of pairs). */
    struct keystore_content *content;
    /* Called when |content| changed and should be saved soon. Losing it loses only the
     * protection of what was seen since. May be NULL. */
    void (*content_changed)(void *context);
    void *context;
    struct storage storage;
    /* Most entries of a section asked for at once, which are held in memory until all of
     * them are verified; 0: ENGINE_PAGE_ENTRIES. */
    uint32_t page_entries;
};

enum engine_phase {
    ENGINE_OFFLINE = 0,
    ENGINE_GREETING = 1, /* waiting for the server's hello */
    ENGINE_LOGIN = 2,    /* waiting for its answer to our login */
    ENGINE_SYNCING = 3,
    ENGINE_IDLE = 4,    /* everything that we may read is here, nothing is waiting */
    ENGINE_STOPPED = 5, /* an alarm, a refusal or a version; see `why` */
};

struct engine_alarm {
    enum status status;
    char reason[ENGINE_ALARM_CHARS_MAX];   /* one sentence for a person */
    char evidence[ENGINE_ALARM_CHARS_MAX]; /* hashes, numbers: for a report */
    uint64_t at_ms;
};

/* Everything that is asked of the engine and takes the server gets a ticket. Those of the
 * outbox survive a restart; those of the access log do not. */
enum engine_wish {
    ENGINE_WISH_NONE = 0, /* no such ticket, or its outcome was forgotten */
    ENGINE_WISH_WAITING = 1,
    ENGINE_WISH_SENT = 2,
    ENGINE_WISH_DONE = 3,
    ENGINE_WISH_FAILED = 4, /* for good: `status` says why */
};
struct engine_ticket {
    enum engine_wish wish;
    enum status
        status; /* of FAILED; when WAITING: why the server could not take it at the last try,
                         * FULL or UNAVAILABLE */
    uint32_t tries;
    uint64_t event; /* the server's event, when DONE */
    struct section_id section;
    struct note_id note; /* of a note */
    struct hash object;  /* the revision's link, or the statement's hash, when DONE */
    uint32_t statement;  /* StatementType of what is stated; NONE: a note, a receipt, a question */
    struct member_id member; /* whom a statement is about; zero: nobody */
};
