/*
 * The server's TLS identity on disk. Clients pin the key (SHA-256 of its
 * SubjectPublicKeyInfo), so the certificate around it is self-signed and says
 * nothing about anybody. Not linked into alcoved, which is to import no more of
 * libcrypto than it needs to serve: alcove-tls-identity makes it once.
 */
#pragma once

#include "proto/ids.h"
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
