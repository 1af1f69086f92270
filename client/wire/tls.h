/*
 * The client's TLS settings; the only file of client/wire that knows OpenSSL.
 * Trust is one pinned key: certificate, names, dates and authorities do not
 * count.
 */
#pragma once

#include "proto/ids.h"
#include "proto/packing.h"
#include "proto/status.h"

/* How far a connection's TLS came, so that the person is told the right reason. Must
 * outlive the SSL_CTX made with it. */
struct tls_pin {
    struct hash expected; /* SHA-256 of the server's SubjectPublicKeyInfo */
    struct hash found;    /* the same of the server that answered */
    bool any;             /* nothing is pinned yet: the caller compares `found` itself */
    bool started;         /* TCP is connected and the handshake began */
    bool matched;
    bool mismatched;
};

/* An SSL_CTX (as void *) for the library: TLS 1.3 only, no tickets, and a peer is
 * accepted if and only if its key is the one pinned at that time. NULL: no memory. */
void *tls_client_new(struct tls_pin *pin);
void tls_client_free(void *ssl_ctx);

/* RFC 9266 tls-exporter of an established connection (SSL *). STATUS_REFUSED if
 * it is not TLS 1.3. */
MUST_CHECK enum status tls_client_exporter(void *ssl, uint8_t out_exporter[WIRE_EXPORTER_BYTES]);
