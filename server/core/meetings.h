/*
 * Meetings: where a new device of a member and one that is in leave sealed messages for each other
 * before the new one can log in (PROTOCOL.md 3.2).
 *
 * A meeting is in memory alone. It changes no right and is in no transaction, so that an abort takes
 * nothing back; whoever repeats what they said changes nothing. A restart of the server ends all
 * meetings. Bounds: one of a member, MEETINGS_MAX in all, MEETING_BYTES_MAX for each, MEETING_MS
 * from its opening. The server sees who opened it, how long the messages are and when they came.
 * Committer's thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/limits.h"
#include "proto/span.h"
#include "proto/status.h"

#define MEETING_KEY_BYTES ID_BYTES

/* A way into a meeting, 16 bytes that nobody guesses: the new device's, or the old one's. */
struct meeting_key {
    uint8_t bytes[MEETING_KEY_BYTES];
};

struct meetings;

MUST_CHECK enum status meetings_new(struct meetings **out_meetings);
void meetings_free(struct meetings *meetings); /* NULL is fine */

/*
 * Opens one, in the place of the member's last. The bundle is copied; it is found by the first
 * bytes of its SHA-256. STATUS_BUSY: there are MEETINGS_MAX of other members; STATUS_TOO_LARGE;
 * STATUS_CONFLICT: a key that another meeting has; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status meetings_open(struct meetings *meetings, const struct member_id *member,
                                     const struct meeting_key *place,
                                     const struct meeting_key *host, struct span bundle,
                                     uint64_t now_ms);
/* Borrowed until the next call. False: no meeting that is not over has it. */
bool meetings_bundle(struct meetings *meetings, const uint8_t prefix[static ID_BYTES],
                     uint64_t now_ms, struct span *out_bundle);
/*
 * Puts |message| as |number| of the side that |key| belongs to, unless it is empty, and gives the
 * other side's of that number, borrowed until the next call and empty when it is not there yet. A
 * message stays as it was put: the same again is fine. STATUS_NOT_FOUND: no meeting that is not over
 * has the key; STATUS_CONFLICT: another message stands there; STATUS_MALFORMED: the number;
 * STATUS_TOO_LARGE; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status meetings_say(struct meetings *meetings, const struct meeting_key *key,
                                    uint32_t number, struct span message, uint64_t now_ms,
                                    struct span *out_other);
