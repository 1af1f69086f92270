/*
 * The outbox: what a person asked for and the server has not yet done. Internal to the
 * engine.
 *
 * A wish is durable before the call that made it returns. What was sent for it is durable
 * before it is sent, so that a retry after a lost answer is the same bytes under the same
 * request id and nothing is ever doubled.
 */
#pragma once

#include "client/engine/common/common.h"

#define WISH_PARENTS_MAX  8u
#define WISH_OUTCOMES_MAX 256u

/* Stored: never reuse a number. */
enum wish_kind {
    WISH_NOTE = 1, /* a revision */
    WISH_OPENED = 2,
    WISH_READY = 3,   /* a whole statement, with its bundle */
    WISH_MEMBER = 4,  /* a statement of a member's chain, by `statement_type` */
    WISH_SECTION = 5, /* a new section, its first grant and its first epoch */
    WISH_GRANT = 6,
    WISH_REVOKE = 7,
    WISH_ROTATE = 8,  /* `object`: the device that is to be out, or zero */
    WISH_RESEAL = 9,  /* `object`: the device that is to have the keys, from `history_from` on */
    WISH_DEVICE = 10, /* `body`, and in `extra` the new device's signature */
};

struct wish_bytes {
    uint8_t *data;
    size_t size;
};

struct wish {
    struct wish *next;
    uint64_t ticket;
    enum wish_kind kind;
    enum engine_wish state;
    enum status status; /* of FAILED; STATUS_FULL when WAITING: it was refused for want of room */
    uint32_t tries;
    struct backoff later; /* the server had no room for it; not stored */
    /* One stored number, by kind. */
    union {
        uint32_t subtype;
        uint32_t statement_type; /* MEMBER: StatementType */
        uint32_t class;          /* SECTION */
        uint32_t revision_kind;  /* NOTE: RevisionKind */
    };
    union {
        uint32_t rights;        /* GRANT, SECTION */
        uint32_t relation_kind; /* MEMBER, a relation: RelationKind */
    };
    struct section_id section;
    struct chart_id chart;
    struct note_id note;
    struct member_id member;
    struct member_id staff;
    struct hash object; /* GRANT: the relation that it is to rest on; zero: whichever does */
    uint64_t until_ms;
    uint64_t
        history_from; /* GRANT; RESEAL; OPENED: the last number that was exported, 0: a note was opened */
    uint64_t parent_ticket; /* follows the revision that this wish will become */
    uint64_t parent_revision;
    size_t parent_count;
    struct hash parents[WISH_PARENTS_MAX];
    uint64_t seen_number; /* NOTE: of the section, when it was written; 0: when it is sent */
    struct hash seen_head;
    struct wish_bytes body, extra;
    /* What was sent last; empty: nothing yet. */
    struct request_id request;
    struct wish_bytes built;
    struct hash built_object;
    uint64_t built_revision;      /* NOTE */
    uint64_t built_device_number; /* NOTE */
};

/* All wishes, oldest first, and what became of the last ones that left. Sees no log and no
 * section: whether a wish can be is for those who build it (submit). */
struct outbox {
    struct common *common;
    struct wish *first;
    struct engine_ticket outcomes[WISH_OUTCOMES_MAX];
    uint64_t outcome_tickets[WISH_OUTCOMES_MAX];
    size_t outcome_next;
};

MUST_CHECK enum status wish_load(struct outbox *outbox);
void wish_deinit(struct outbox *outbox);

/* A new wish with its ticket, owned by the caller until wish_add. STATUS_NO_MEMORY. */
MUST_CHECK enum status wish_new(struct outbox *outbox, enum wish_kind kind, struct wish **out_wish);
void wish_free(struct wish *wish);
MUST_CHECK enum status wish_set(struct wish_bytes *bytes, struct span value);
/* Packs |message| and owns what was packed. STATUS_NO_MEMORY. */
MUST_CHECK enum status wish_pack(struct wish_bytes *bytes, const ProtobufCMessage *message);
void wish_clear(struct wish_bytes *bytes);
/* Stores it durably and queues it; the engine owns it then. Frees it on failure. */
MUST_CHECK enum status wish_add(struct outbox *outbox, struct wish *wish, uint64_t *out_ticket);
/* Stores a changed one durably. */
MUST_CHECK enum status wish_save(struct outbox *outbox, const struct wish *wish);
/* Takes it out with its outcome. */
MUST_CHECK enum status wish_done(struct outbox *outbox, struct wish *wish, uint64_t event);
/* It stays in the outbox until it is taken back, so that nothing written is lost, and a person who
 * was told that it goes later is told that it does not. Receipts and reseals, which nobody asked for,
 * go; the notes of a section that will not be made fail with it. */
MUST_CHECK enum status wish_failed(struct outbox *outbox, struct wish *wish, enum status status);
struct wish *wish_find(const struct outbox *outbox, uint64_t ticket);
/* The last pending revision of a note; NULL: none. */
struct wish *wish_of_note(const struct outbox *outbox, const struct section_id *section,
                          const struct note_id *note);
/* Its ticket. */
struct engine_ticket wish_describe(const struct wish *wish);
void wish_ticket(const struct outbox *outbox, uint64_t ticket, struct engine_ticket *out_ticket);
/* For engine_outbox() and engine_take_back() of engine.h. */
void wish_visit(const struct outbox *outbox,
                bool (*visit)(void *visitor, uint64_t ticket, const struct engine_ticket *info),
                void *visitor);
MUST_CHECK enum status wish_take_back(struct outbox *outbox, uint64_t ticket);
/* The connection went: what was sent may or may not be stored. */
void wish_lost(struct outbox *outbox);
