/*
 * The running server's TLS settings; its only file that knows OpenSSL. The
 * identity itself is made by a program of its own (server/tls).
 */
#pragma once

#include "proto/packing.h"
#include "proto/status.h"

struct net_identity; /* net.h */

/* New connections of this SSL_CTX show |identity|, which is copied; those that are open keep theirs.
 * STATUS_REFUSED: OpenSSL does not take it, and nothing changed. */
MUST_CHECK enum status tls_server_identity(void *ssl_ctx, const struct net_identity *identity);

/* Settings for the library's SSL_CTX (as void *, since the caller need not know
 * OpenSSL): TLS 1.3 only, no tickets, no early data, no renegotiation. */
MUST_CHECK enum status tls_server_harden(void *ssl_ctx);

/* An SSL_CTX for connections that the server never makes: without one the
 * library makes its own, and with several contexts in a process loses all but
 * the last. NULL: no memory. */
void *tls_no_client_new(void);
void tls_no_client_free(void *ssl_ctx);

/* RFC 9266 tls-exporter of an established connection (SSL *). STATUS_REFUSED if
 * it is not TLS 1.3. */
MUST_CHECK enum status tls_exporter(void *ssl, uint8_t out_exporter[WIRE_EXPORTER_BYTES]);
