/*
 * What known devices ask that may not be in any more: their member is suspended, the device was
 * revoked, their connection was ended, or they have seen more than this server has.
 *
 * The first refusal of a device is an event like every other. What the same device asks in the
 * rest of that minute and in the minutes after is counted, and each minute's count is one line
 * (LOGIN_REFUSED, with the actor, the device and the count), so that nobody who is refused fills
 * a log that is never shortened. A minute without an ask ends it. Committer's thread.
 */
#pragma once

#include "proto/status.h"

struct core;
struct core_ask;
struct core_peer;
struct txn;

/* Whether this refusal of |peer|, who asks |ask|, deserves an event of its own. False: it was
 * counted. |why| STATUS_REWOUND: they are in, and have seen too much, which is counted apart from
 * every other reason: they are out. */
bool sent_away_is_news(struct core *core, const struct core_ask *ask, const struct core_peer *peer,
                       enum status why);

/* Whether anything was counted in a minute before that of |now_ms|. */
bool sent_away_due(const struct core *core, uint64_t now_ms);
/* Whether anything was counted at all. */
bool sent_away_any(const struct core *core);
/* Writes the lines of what was counted: with |all| also of the running minute. Only unexpected
 * failures. */
MUST_CHECK enum status sent_away_flush(struct core *core, struct txn *txn, uint64_t now_ms,
                                       bool all);
