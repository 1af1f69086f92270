/*
 * The whole engine: its rooms' structs side by side. Internal to the rooms at the top, the
 * exchange and the api, which alone may take a struct engine: they coordinate. A function below
 * takes its own room's struct and, by the pointers in it, what that room may see (rooms.txt).
 *
 * The engine owns everything here but the keystore's content and the storage. One thread.
 */
#pragma once

#include "client/engine/outbox/wish.h"
#include "client/engine/query/queries.h"
#include "client/engine/section/name.h"
#include "client/engine/section/section.h"
#include "client/engine/submit/sources.h"

/* The connection's login (login.c). */
struct connection {
    uint8_t exporter[ENGINE_EXPORTER_BYTES];
    struct hash hello_hash;
    uint8_t hello_nonce[HELLO_NONCE_BYTES];
    uint8_t client_nonce[HELLO_NONCE_BYTES];
    struct hash login_hash;
    struct public_key server_login_key;
    struct seen_log hello_statements, hello_events;
    struct seen_log login_statements, login_events; /* what our login said we had seen */
};

/* Whether the server withholds a section though the statements let us in (withheld.c). */
struct doubt {
    bool open;
    uint64_t at; /* statements verified when the server was asked for what it said */
    bool same;   /* the log was no longer after that answer */
};

/* The round of syncing (sync.c). */
struct round {
    bool open;
    uint64_t finished; /* since engine_new */
    uint64_t state_at; /* statements verified when the newest STATE was asked for */
    struct doubt doubt;
};

struct engine {
    struct common common;
    struct log log;
    struct names names;
    struct sections sections;
    struct outbox outbox;
    struct sources sources;
    struct queries queries;
    struct connection connection;
    struct round round;
};
