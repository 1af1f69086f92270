/*
 * The server's TLS identity and settings; the only file of the server that
 * knows OpenSSL. Clients pin the key (SHA-256 of its SubjectPublicKeyInfo), so
 * the certificate around it is self-signed and says nothing about anybody.
 */
#pragma once

#include "proto/ids.h"
#include "proto/packing.h"
#include "proto/status.h"

/* Makes an Ed25519 key and a self-signed certificate and writes both as PEM,
 * synced to disk: the key with mode 0600. STATUS_ALREADY: one of the files
 * exists; nothing was changed. STATUS_IO, STATUS_NO_MEMORY: neither file is left
 * behind. */
MUST_CHECK enum status tls_identity_make(const char *key_path, const char *certificate_path,
                                         struct hash *out_pin);

/* SHA-256 of the certificate's DER SubjectPublicKeyInfo. STATUS_IO: unreadable;
 * STATUS_MALFORMED: not a certificate. */
MUST_CHECK enum status tls_identity_pin(const char *certificate_path, struct hash *out_pin);

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
