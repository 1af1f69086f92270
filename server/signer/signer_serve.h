/*
 * The signer's loop: a few peers, one request at a time, each new state on the disk before its
 * answer leaves. The server stays connected; a backup comes for two requests and goes, and holds
 * nobody up by being slow to ask. One thread.
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

/* A server, one more while it starts anew, and two backups. */
#define SIGNER_PEERS_MAX 4u

struct signer_peer {
    int fd; /* -1: nobody */
    struct signer_exchange exchange;
};

struct signer_serve {
    const struct log_key *key;
    struct signer_file *file;
    int peer_fd;      /* a connected socket, with which the loop ends; or -1 */
    int listen_fd;    /* where other peers come from, or -1 */
    int64_t peer_uid; /* whose connections are taken */
    struct signer_peer peers[SIGNER_PEERS_MAX]; /* signer_serve_run's own; the first is |peer_fd| */
};

/* Takes the signals, which the sandbox forbids later. STATUS_IO. */
MUST_CHECK enum status signer_serve_prepare(void);

/* Serves until the peer that was handed over closes, or until SIGTERM or SIGINT: STATUS_OK.
 * STATUS_IO when it cannot wait for requests any more. */
MUST_CHECK enum status signer_serve_run(struct signer_serve *serve);
