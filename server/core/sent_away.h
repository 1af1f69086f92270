/*
 * What known devices ask and are sent away with: they may not be in any more, since their member is
 * suspended, the device was revoked or their connection was ended; they have seen more than this
 * server has; or they have left too many lines (allowance.h).
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
 * counted, apart for each reason |why|: STATUS_REFUSED (they are out), STATUS_REWOUND, STATUS_BUSY. */
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
