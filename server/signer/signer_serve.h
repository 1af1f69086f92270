/*
 * The signer's loop: one peer at a time, one request at a time, each new state on the disk
 * before its answer leaves. One thread.
 */
#pragma once

#include "server/signer/signer_file.h"

/* One request and its answer, in turn. */
struct signer_exchange {
    size_t used; /* bytes that have come of the next request, its length included */
    uint8_t in[SIGNER_LENGTH_BYTES + SIGNER_REQUEST_BYTES_MAX];
    struct signer_request request;
    struct signer_reply reply;
    uint8_t out[SIGNER_LENGTH_BYTES + SIGNER_REPLY_BYTES_MAX];
};

struct signer_serve {
    const struct log_key *key;
    struct signer_file *file;
    int peer_fd;                     /* a connected socket, or -1 */
    int listen_fd;                   /* where the next peer comes from, or -1: end with the first */
    int64_t peer_uid;                /* who may connect besides ourselves; -1: nobody */
    struct signer_exchange exchange; /* signer_serve_run's own */
};

/* Takes the signals, which the sandbox forbids later. STATUS_IO. */
MUST_CHECK enum status signer_serve_prepare(void);

/* Serves until the peer that was handed over closes, or until SIGTERM or SIGINT: STATUS_OK.
 * STATUS_IO when it cannot wait for requests any more. */
MUST_CHECK enum status signer_serve_run(struct signer_serve *serve);
