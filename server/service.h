/*
 * Everything that a running server holds, in the order in which it was made: for cmd_serve.c, which
 * makes and ends it, and cmd_reload.c, which changes what may change meanwhile. The main thread's.
 */
#pragma once

#include "server/config.h"
#include "server/core/clock_guard.h"
#include "server/door/door.h"
#include "server/net/net.h"
#include "server/paths.h"
#include "server/read_only.h"
#include "server/reader.h"
#include "server/run/run.h"
#include "server/run/signer_link.h"

struct service {
    struct paths paths;
    int data_fd; /* the data folder, locked while it is served */
    struct clock_guard *clock;
    struct config config;           /* as the server works now */
    struct reader *reader;          /* reads the files anew that the server may not open */
    struct signer_starter *starter; /* NULL: the signer runs by itself */
    struct db *db;
    struct login_key *login_key;
    struct core *core;
    struct signer_link *signer; /* NULL: none was reached, and nothing is written */
    struct read_only read_only;
    struct door *door;
    struct run *run;
    struct net *net;
    struct net_identity *identity; /* of the start, for the kind of its key */
};

/* The options of the transport that the configuration gives. |origins| must have room for
 * CONFIG_ORIGINS_MAX and, as |config|, live as long as the options. */
void service_net_options(const struct config *config, const char **origins,
                         struct net_options *out_options);

/* Reads configuration, certificate and key again, while connections stay as they are. All of it is
 * taken or nothing, and the log says which and why; whatever is in the files, the server goes on. */
void service_reload(struct service *service);
/* When the server starts: whether clients will take its certificate. CMD_OK; else it was said why not. */
int service_check_identity(struct service *service);
