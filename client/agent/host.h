/*
 * An opened profile: keystore, sealed cache, engine and connection, joined together.
 *
 * A command without an agent opens one, does its work and closes it; the agent keeps one
 * open and works for the commands. Everything that needs a socket, a file or the time of
 * day is here, so that the engine needs none. One thread.
 *
 *   PROFILE/          0700
 *     keystore        the keys, under the passphrase
 *     store/          the sealed cache and outbox
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "client/wire/wire.h"
#include "proto/status.h"

#include <signal.h>

struct host;

/* Looks whether a profile can be opened, before a passphrase is asked for. STATUS_NOT_FOUND: no
 * such profile. STATUS_UNSUPPORTED, STATUS_REFUSED: it cannot be opened. */
MUST_CHECK enum status host_probe(const char *profile);

/*
 * Opens everything. A damaged cache is emptied and fetched again later, but drafts and the
 * outbox are kept. STATUS_DAMAGED: wrong passphrase or damaged keystore, one answer for both;
 * STATUS_BUSY: another process has the profile; STATUS_CORRUPT: the outbox is damaged;
 * STATUS_IO, STATUS_NO_MEMORY. Freed with host_close.
 */
MUST_CHECK enum status host_open(const char *profile, struct span passphrase,
                                 struct host **out_host);
/* Ends the connection, saves the keystore if it changed, wipes the keys and releases the
 * profile's lock. Waits for nobody, not even for a look-up of the server's name. Only host_close
 * may follow. NULL is allowed. */
void host_forget(struct host *host);
/* host_forget, and frees; may wait as wire_free does. NULL is allowed. */
void host_close(struct host *host);

struct engine *host_engine(struct host *host);
struct keystore *host_keystore(struct host *host);
struct wire *host_wire(struct host *host);

/* Begins to connect, unless it is connected or connecting. host_online and host_why tell the
 * outcome. STATUS_MALFORMED: the profile's address is wrong. */
MUST_CHECK enum status host_connect(struct host *host);
bool host_online(const struct host *host);
/* Connects again when a connection ended, as often as backoff.h allows: for whoever stays connected
 * without being told to. After an alarm nobody connects before a command asks. */
MUST_CHECK enum status host_stay_connected(struct host *host);
/* Why there is no connection, in one sentence; NULL while an attempt is under way. */
const char *host_why(const struct host *host);

/* Between two commands and two steps of a process that stays: wipes the text that the store gave
 * last. Nobody may look at it any more. */
void host_rest(struct host *host);
/* Moves frames both ways for at most |wait_ms| and gives the engine the time. */
MUST_CHECK enum status host_step(struct host *host, uint32_t wait_ms);

/*
 * Steps until |done| returns true: STATUS_OK. STATUS_OFFLINE: no connection can be made;
 * STATUS_BUSY: |timeout_ms| passed; or the status that stopped the engine. Connects if there is no
 * connection, but not within HOST_ASKED_MS after a server that refused us or failed a check: one
 * command may wait for several things, and asks such a server once.
 */
#define HOST_ASKED_MS 3000u
MUST_CHECK enum status host_until(struct host *host, bool (*done)(struct host *host, void *state),
                                  void *state, uint32_t timeout_ms);

/* Why the server could not take what waits in the outbox, when it was asked last: STATUS_FULL,
 * STATUS_UNAVAILABLE; STATUS_OK: nothing was held back. */
MUST_CHECK enum status host_held(const struct host *host);
/* Connects and syncs until everything that may be read is here and nothing waits to be sent but
 * what the server could not take. */
MUST_CHECK enum status host_sync(struct host *host, uint32_t timeout_ms);
/* The same for whoever shows what is here anyway: gives up when the server was silent for
 * HOST_MOMENT_MS, and at once when it was found so, or unreachable, HOST_KNOWN_MS before or less.
 * What comes later is taken all the same. STATUS_BUSY, STATUS_OFFLINE: it gave up. */
#define HOST_MOMENT_MS 2500u
#define HOST_KNOWN_MS  10000u
MUST_CHECK enum status host_sync_briefly(struct host *host, uint32_t timeout_ms);
/* Steps until every entry that the server has named so far is stored here. */
MUST_CHECK enum status host_settle(struct host *host, uint32_t timeout_ms);
/* Steps until this ticket is done or failed, or waits for room with all that can be sent sent. */
MUST_CHECK enum status host_finish(struct host *host, uint64_t ticket, uint32_t timeout_ms);
/* The same for a query's ticket; also over when the server could not answer it, whatever else waits:
 * it is asked again by and by, and the ticket's status says why. */
MUST_CHECK enum status host_answer(struct host *host, uint64_t ticket, uint32_t timeout_ms);

/* |slow| is called once for each wait that lasts longer than HOST_MOMENT_MS. */
void host_when_slow(struct host *host, void (*slow)(void *state), void *state);
/* While |*flag| is not zero, waiting ends at once with STATUS_OFFLINE. |flag| must outlive the
 * host. */
void host_stop_when(struct host *host, const volatile sig_atomic_t *flag);

/* Saves the keystore if something changed in it. */
MUST_CHECK enum status host_save(struct host *host);
