/*
 * The real server's core and store in this process, and engines connected to it without a
 * network: what the client is tested against, honest or not.
 *
 * Each answer passes a hook that may change it, so that a test is an evil server by changing
 * one message of an honest one. Failures that are nobody's behaviour fail the running cmocka
 * test. One thread.
 */
#pragma once

#include "client/engine/api/act.h"
#include "client/engine/api/query.h"
#include "client/engine/api/view.h"
#include "client/engine/api/write.h"
#include "client/engine/exchange/engine.h"
#include "client/engine/join/found.h"
#include "client/engine/join/join.h"
#include "keys/private/recovery.h"
#include "keys/server/login_key.h"
#include "proto/words.h"
#include "server/core/produce.h"
#include "tests/unit/engine/memory_storage.h"

#define INPROC_CHUNK_BYTES 15000u

struct inproc_link;

/* |op| is an enum op, or one of FRAME_HELLO + 1000 and FRAME_LOGIN_REPLY + 1000; for a chunk
 * FRAME_CHUNK + 1000. May change *code and |body|. False: the message is not sent at all. */
typedef bool inproc_hook(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                         ProtobufCMessage *body);

/* Takes the place of what inproc.c does between a frame and its answer; answers still go out by
 * inproc_send. */
struct inproc_place {
    void (*connect)(struct inproc_link *link); /* greets */
    void (*handle)(struct inproc_link *link, struct span frame);
    void (*gone)(struct inproc_link *link); /* before the link is emptied */
};

struct inproc {
    char folder[64];
    struct db *db;
    struct core *core;
    struct login_key *login_key;
    struct identity_signer *log_signer;
    struct practice_id practice;
    struct identity_signer *root;
    struct found_bytes genesis, keys;
    char admin_code[INVITATION_TEXT_CHARS_MAX + 1];
    struct core_checkpoints heads;
    uint64_t now_ms; /* the server's clock and, unless a test says otherwise, everybody's */
    const struct inproc_place *place; /* NULL: inproc.c itself */
    inproc_hook *hook;
    void *hook_context;
    bool abort_next;           /* dies before the next commit: nothing of that request was done */
    bool lose_next;            /* dies after the next commit: its answer never leaves */
    bool withholds;            /* answers every page as if there were nothing new */
    struct inproc_link *links; /* connected ones, for pushes */
    uint64_t requests;         /* handled */
    uint64_t ops[64];
};

struct inproc_frame {
    struct inproc_frame *next;
    uint8_t *data;
    size_t size;
};

struct inproc_link {
    struct inproc_link *next;
    struct inproc *server;
    bool admitted;
    bool closed;
    uint8_t exporter[32];
    struct core_login login;
    struct core_peer peer;
    struct inproc_frame *first, *last;
    uint32_t *subscribed; /* local numbers */
    size_t subscribed_count;
};

/* A person at a device: engine, keystore's content, storage, link. */
struct inproc_person {
    struct inproc *server;
    struct keystore_content content;
    struct memory_storage *storage;
    struct engine *engine;
    struct inproc_link link;
    bool connected;
    int64_t clock_off_ms;
    uint32_t page_entries; /* of the engine's configuration, from the next start on */
};

/* A practice with its root, server keys and the first admin's invitation. */
void inproc_open(struct inproc *server);
/* The same whose logs |log_key| signs, which somebody else holds (NULL: nobody). The database is
 * open, and no core: what serves it is the caller's. */
void inproc_found(struct inproc *server, const struct public_key *log_key);
void inproc_close(struct inproc *server);

/* Queues one message, through the hook, which may change it. |op| as for the hook. */
void inproc_send(struct inproc_link *link, uint32_t kind, uint32_t op, const struct request_id *id,
                 uint32_t code, struct span body);
/* Signs both logs' present heads. */
void inproc_sign(struct inproc *server);
void inproc_connect(struct inproc *server, struct inproc_link *link);
void inproc_disconnect(struct inproc_link *link);
/* What a client sends; answers are queued on the links. */
void inproc_handle(struct inproc_link *link, struct span frame);

/* Core and database closed and opened again, as after a kill; no link may be connected. */
void inproc_restart_server(struct inproc *server);

/* The same, and nothing is left behind if the server refuses: then why. */
MUST_CHECK enum status inproc_try_join(struct inproc *server, const char *code,
                                       struct inproc_person *out_person);
/* Joins by |code| and starts an engine with an empty storage. */
void inproc_join(struct inproc *server, const char *code, struct inproc_person *out_person);
/* An engine over content and storage that exist. */
void inproc_start(struct inproc_person *person);
void inproc_person_free(struct inproc_person *person);
/* Connects if needed and carries frames until nothing moves. The engine's last status. */
enum status inproc_run(struct inproc_person *person);
/* The same and everything must be well. */
void inproc_sync(struct inproc_person *person);
void inproc_offline(struct inproc_person *person);
/* Stops the engine and starts another over the same storage and keystore. */
void inproc_restart(struct inproc_person *person);
