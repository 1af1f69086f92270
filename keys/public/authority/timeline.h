/*
 * One section's log, entry by entry: heads, and rights at each number (decision 4).
 *
 * A reader gives it the entries of a page in order. It says whether each entry may stand at
 * its place, and computes the head after it, which the reader compares with the head in a
 * proved event. Each revision is judged by the rights in force at its own number: by the
 * statements that are numbered before it, never by its author's clock. The server computes
 * heads with the same code. A statement must be in the authority before its entry is stepped.
 * Beside the heads run the times at which the server wrote the entries down: they never go back,
 * and those of statements are the times of their leaves.
 *
 * step changes nothing unless it returns STATUS_OK. One timeline per section; belongs
 * to the thread of its authority, which it never changes (but see ENDED).
 */
#pragma once

#include "keys/public/authority/authority.h"
#include "keys/public/revision.h"

/* The head before number 1: 32 zero bytes. The section's own statement is number 1, so
 * every later head depends on which section it is. */
void timeline_head_start(const struct practice_id *practice, const struct section_id *section,
                         struct hash *out_head);
/* head_n from head_{n-1}, n, entry kind (ENTRY_*) and object hash: leaf_section_head. */
void timeline_head_next(const struct practice_id *practice, const struct hash *head,
                        uint64_t number, uint32_t kind, const struct hash *object,
                        struct hash *out_head);

enum timeline_reason {
    TIMELINE_FINE = 0,
    TIMELINE_NOT_NEXT,       /* STATEMENT: not the section chain's next unnumbered one */
    TIMELINE_UNKNOWN_OBJECT, /* statement, grant or device not known */
    TIMELINE_OUT_OF_ORDER,   /* older in the statements log than what is numbered already */
    TIMELINE_MISSING_ECHO,   /* a member's statement changed who is in and is not numbered */
    TIMELINE_BAD_POSITION,   /* epoch or reseal states another number or head */
    TIMELINE_NOT_TOUCHED,    /* ECHO of a statement that changes nothing here */
    TIMELINE_NOT_ENDING,     /* ENDED for a grant without an end */
    TIMELINE_WRONG_SECTION,  /* section, class or chart of another */
    TIMELINE_WRONG_DEVICE,   /* not the author's device */
    TIMELINE_DEVICE_REVOKED,
    TIMELINE_NO_RIGHT, /* author was not a writer at this number */
    TIMELINE_CLOSED,   /* no revision may stand between a removal and the next epoch */
    TIMELINE_WRONG_EPOCH,
    TIMELINE_DEVICE_NUMBER, /* gap or repeat in the device's own numbers */
    TIMELINE_DEVICE_LINK,   /* the device's revision before is another */
    TIMELINE_AHEAD,         /* claims to have seen a number that is not before its own */
    TIMELINE_OTHER_HEAD,    /* saw another history of this section: two histories exist */
    TIMELINE_BAD_KIND,
    TIMELINE_TIME_BACK,  /* written down before the entry in front of it */
    TIMELINE_TIME_OTHER, /* not the time of the statement's leaf, or before the end that it tells */
};
/* Short English for people. Never NULL. */
const char *timeline_reason_text(enum timeline_reason reason);

/* The last number and link of a device in this section. */
struct timeline_device {
    struct hash device;
    uint64_t number;
    struct hash link;
};
/* Heads kept to check what authors say they saw; older ones count as unknown. */
#define TIMELINE_HEADS 128u

struct timeline {
    struct section_id section;
    uint64_t number; /* of the last entry; 0: none */
    struct hash head;
    struct hash times;          /* running hash of the entries' times, as |head| is of the rest */
    bool times_known;           /* false until timeline_take_times for who began later */
    uint64_t time_ms;           /* of the last entry; 0: none */
    uint64_t start_number;      /* first number that this reader was given minus 1; 0: all */
    uint64_t chain_next;        /* number in the section's chain of the next unnumbered statement */
    struct authority_when when; /* rights after the last entry */
    struct timeline_device *devices;
    size_t device_count;
    size_t device_capacity;
    struct hash heads[TIMELINE_HEADS]; /* of number n at n % TIMELINE_HEADS */
    uint64_t heads_from;               /* lowest number whose head is kept */
    /* authority_closed at |when|, good for this generation of the authority; 0: unknown. */
    uint64_t closed_generation;
    bool closed;
};

/* Before number 1. timeline_free in every case. */
void timeline_init(struct timeline *timeline, const struct practice_id *practice,
                   const struct section_id *section);
/*
 * For a newcomer: right after the epoch or reseal |statement| that admits them, whose
 * signed number, head and device positions are taken as the start. |statement| must be
 * admitted already. STATUS_NOT_FOUND, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status timeline_init_at(struct timeline *timeline,
                                        const struct authority *authority,
                                        const struct statement *statement);
void timeline_free(struct timeline *timeline);
/*
 * The times up to the last entry as the server tells them before it goes on: true if they are
 * ours. A newcomer takes them over, since no statement names them. What is taken is bound to the
 * log all the same: by the first event whose times are what these lead to.
 */
bool timeline_take_times(struct timeline *timeline, const struct hash *times);
/* For a cache. Encode into a buffer that the caller frees. STATUS_NO_MEMORY. */
MUST_CHECK enum status timeline_encode(const struct timeline *timeline, uint8_t **out_bytes,
                                       size_t *out_size);
/* STATUS_MALFORMED, STATUS_NO_MEMORY. */
MUST_CHECK enum status timeline_decode(struct span bytes, struct timeline *out_timeline);

/* Head after entry |number|; NULL: not kept. */
const struct hash *timeline_head_at(const struct timeline *timeline, uint64_t number);

struct timeline_entry {
    uint32_t kind;                          /* ENTRY_* */
    struct hash object;                     /* link, statement hash or grant hash */
    const struct revision_context *context; /* REVISION only */
    uint64_t time_ms;                       /* when the server wrote it down */
    /* A REVISION whose context nobody can read any more: |context| is NULL, and this is the statement
     * of the device that is said to have written it. It takes that device's next number, so that the
     * device's next revision shows whether it is so. Only a reader has such. */
    const struct hash *lost_device;
};

/*
 * Judges the next entry and, if it may stand there, moves on. The caller must verify a
 * revision's header and signature (it may verify the last of each device only) and its
 * envelope.
 *
 * STATUS_OK; STATUS_BAD_CHAIN with the reason; STATUS_NOT_FOUND when an object is not
 * known to the authority (fetch chains first); STATUS_EQUIVOCATION for OTHER_HEAD;
 * STATUS_NO_MEMORY.
 */
MUST_CHECK enum status timeline_step(struct timeline *timeline, const struct authority *authority,
                                     const struct timeline_entry *entry,
                                     enum timeline_reason *out_reason);
/*
 * The same judgement without moving, with a status for the one who wants to write: the server
 * asks before it stores, a client before it sends. STATUS_REFUSED (no right, device
 * revoked), then STATUS_NEEDS_EPOCH (closed), STATUS_CONFLICT (epoch, position, device
 * number or link are not the newest; or saw another head), STATUS_MALFORMED (another
 * section, class or chart), else as timeline_step.
 */
MUST_CHECK enum status timeline_judge(const struct timeline *timeline,
                                      const struct authority *authority,
                                      const struct timeline_entry *entry,
                                      enum timeline_reason *out_reason);

/* The device that an entry of kind REVISION moves on. */
const struct hash *timeline_entry_device(const struct timeline_entry *entry);

/* Number and link of this device's last revision; zeros: none. */
void timeline_device_position(const struct timeline *timeline, const struct hash *device,
                              uint64_t *out_number, struct hash *out_link);
/* True when statements known to |authority| change who is in and are not numbered yet:
 * the server owes an entry. Writing waits until it came. */
bool timeline_behind(const struct timeline *timeline, const struct authority *authority);
