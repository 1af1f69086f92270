/*
 * The real server in a process of its own, real engines in this one, real TLS between them:
 * what the end-to-end tests drive.
 *
 * A person is an engine over storage in memory, with a wire of its own. Everything moves in
 * live_pump, so that a test decides who hears what and when. Failures that are nobody's
 * behaviour fail the running cmocka test. All waits are bounded. One thread.
 */
#pragma once

#include "client/engine/api/act.h"
#include "client/engine/api/view.h"
#include "client/engine/api/write.h"
#include "client/engine/exchange/engine.h"
#include "client/engine/join/join.h"
#include "client/wire/wire.h"
#include "proto/words.h"
#include "tests/unit/engine/memory_storage.h"

#include <sys/types.h>

#define LIVE_FOLDER_CHARS_MAX 256u

struct live_person;

struct live {
    char folder[LIVE_FOLDER_CHARS_MAX]; /* the server's is `data` in it */
    pid_t pid;                          /* 0: not running */
    int output;
    uint16_t port;
    bool busy;            /* live_pump never sleeps: for measuring */
    int64_t clock_off_ms; /* of the server and, since they agree, of everybody */
    struct practice_id practice;
    struct identity_signer *root;
    struct hash tls_pin;
    char admin_code[INVITATION_TEXT_CHARS_MAX + 1];
    struct live_person *people;
};

/* An answer to a raw request. */
struct live_reply {
    bool came;
    enum status status;
    uint8_t *body; /* whole body of the REPLY; owned by the person until the next request */
    size_t size;
    uint32_t chunks; /* CHUNK frames after it */
    uint64_t chunk_bytes;
    bool stopped; /* the last one said that access had ended */
};

struct live_person {
    struct live_person *next;
    struct live *live;
    struct keystore_content content;
    struct memory_storage *storage;
    struct engine *engine;
    struct join *join; /* while joining */
    struct wire *wire;
    bool connecting, open;
    bool closed;             /* by the server, since the last live_connect */
    enum status engine_said; /* last of engine_receive */
    /* Steering. */
    bool asleep; /* the socket is not read */
    bool deaf;   /* what comes is read and thrown away */
    bool raw;    /* the engine is told nothing and asks nothing */
    bool held;   /* what the engine wants to send stays with it */
    /* What came. */
    uint64_t frames, bytes, pushes;
    uint64_t awaited; /* a test's own goal for |frames| */
    /* The test's own last request, to send again. */
    struct request_id asked;
    uint8_t *sent;
    size_t sent_size;
    struct live_reply reply;
};

/* Founds a practice and starts its server, in a new folder of TMPDIR. */
void live_start(struct live *live);
/* Stops the server, frees what people hold, removes the folder. */
void live_stop(struct live *live);
/* Sets the server's clock and ours; needs a build with test hooks. */
void live_set_clock(struct live *live, int64_t off_ms);
uint64_t live_now_ms(const struct live *live);

/* Joins by |code|, then starts the engine; connects neither. |person| must stay where it is
 * until live_stop. */
void live_join(struct live *live, const char *code, struct live_person *person);
/* An engine for keys that exist already: a further device. */
void live_adopt(struct live *live, struct keystore_content *content, struct live_person *person);

/* Moves everybody a little; waits at most a millisecond when nothing moves. */
void live_pump(struct live *live);
/* Until |done|; at most some 20 s, then false. */
bool live_until(struct live *live, bool (*done)(void *state), void *state);
/* For |ms|, whatever happens. */
void live_rest(struct live *live, uint32_t ms);

/* Begins to connect, and does not wait. */
void live_open(struct live_person *person);
/* Connects and waits until the engine is idle. False: refused, closed or stopped. */
bool live_try_connect(struct live_person *person);
void live_connect(struct live_person *person);
void live_disconnect(struct live_person *person);
/* A whole round of syncing; everything must be well. */
void live_sync(struct live_person *person);
/* Until the ticket is done or has failed. The wish must be DONE for live_done. */
enum status live_finish(struct live_person *person, uint64_t ticket);
void live_done(struct live_person *person, uint64_t ticket);

/* Stops the server and starts it on the same data; everybody is disconnected. */
void live_restart(struct live *live);

/* One request past the engine, on its authenticated connection. The reply is at
 * person->reply; for PAGE, chunks are counted there as they come. */
struct live_reply *live_ask(struct live_person *person, uint32_t op, const ProtobufCMessage *body);
/* The same with bytes and id given; |wait| false: does not wait for the answer. */
struct live_reply *live_ask_bytes(struct live_person *person, uint32_t op,
                                  const struct request_id *id, struct span body, bool wait);
/* Any frame at all. */
void live_send(struct live_person *person, uint32_t kind, uint32_t code,
               const struct request_id *id, struct span body);
