#include "server/net/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "server/net/net.h"

/* Of locked memory for private keys: a few of them, and what they are read from. */
#define SECURE_HEAP_BYTES ((size_t)128 << 10)
#define SECURE_LEAST      ((size_t)64)

struct net_identity {
    X509 *certificate;
    STACK_OF(X509) * chain; /* what follows it in its file */
    EVP_PKEY *key;
};

bool net_lock_keys(void)
{
    return CRYPTO_secure_malloc_initialized() == 1 ||
           CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_LEAST) == 1;
}

static enum status read_certificates(BIO *pem, struct net_identity *identity)
{
    identity->certificate = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    identity->chain = sk_X509_new_null();
    if (identity->certificate == NULL || identity->chain == NULL) {
        return STATUS_MALFORMED;
    }
    X509 *next = NULL;
    while ((next = PEM_read_bio_X509(pem, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_push(identity->chain, next) <= 0) {
            X509_free(next);
            return STATUS_NO_MEMORY;
        }
    }
    /* Behind the last one there is nothing that begins like another. */
    return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? STATUS_OK
                                                                        : STATUS_MALFORMED;
}

/* A key under a passphrase is none that a server can read: nobody is asked. */
static int no_passphrase(char *out, int capacity, int writing, void *user)
{
    (void)out;
    (void)capacity;
    (void)writing;
    (void)user;
    return -1;
}

static enum status read_pair(BIO *certificate, BIO *key, struct net_identity *identity)
{
    enum status status = read_certificates(certificate, identity);
    if (status != STATUS_OK) {
        return status;
    }
    identity->key = PEM_read_bio_PrivateKey(key, NULL, no_passphrase, NULL);
    if (identity->key == NULL) {
        return STATUS_UNSUPPORTED;
    }
    if (X509_check_private_key(identity->certificate, identity->key) != 1) {
        return STATUS_CONFLICT;
    }
    /* Whether a context takes it is found out here, and not by a thread that serves. */
    SSL_CTX *trial = SSL_CTX_new(TLS_server_method());
    status = trial == NULL ? STATUS_NO_MEMORY : tls_server_identity(trial, identity);
    SSL_CTX_free(trial);
    return status;
}

enum status net_identity_new(struct span certificate, struct span key,
                             struct net_identity **out_identity)
{
    if (certificate.size > INT32_MAX || key.size > INT32_MAX) {
        return STATUS_MALFORMED;
    }
    struct net_identity *identity = calloc(1, sizeof *identity);
    BIO *certificate_bio = BIO_new_mem_buf(certificate.data, (int)certificate.size);
    BIO *key_bio = BIO_new_mem_buf(key.data, (int)key.size);
    ERR_clear_error();
    enum status status = STATUS_NO_MEMORY;
    if (identity != NULL && certificate_bio != NULL && key_bio != NULL) {
        status = read_pair(certificate_bio, key_bio, identity);
    }
    ERR_clear_error();
    BIO_free(certificate_bio);
    BIO_free(key_bio);
    if (status != STATUS_OK) {
        net_identity_free(identity);
        return status;
    }
    *out_identity = identity;
    return STATUS_OK;
}

void net_identity_pin(const struct net_identity *identity, struct hash *out_pin)
{
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(identity->certificate), &der);
    CHECK(size > 0 && EVP_Digest(der, (size_t)size, out_pin->bytes, NULL, EVP_sha256(), NULL) == 1);
    OPENSSL_free(der);
}

bool net_identity_alike(const struct net_identity *a, const struct net_identity *b)
{
    return EVP_PKEY_get_base_id(a->key) == EVP_PKEY_get_base_id(b->key);
}

void net_identity_free(struct net_identity *identity)
{
    if (identity != NULL) {
        X509_free(identity->certificate);
        sk_X509_pop_free(identity->chain, X509_free);
        EVP_PKEY_free(identity->key);
        free(identity);
    }
}

enum status tls_server_identity(void *ssl_ctx, const struct net_identity *identity)
{
    STACK_OF(X509) *chain = sk_X509_num(identity->chain) > 0 ? identity->chain : NULL;
    bool taken =
        SSL_CTX_use_cert_and_key(ssl_ctx, identity->certificate, identity->key, chain, 1) == 1;
    ERR_clear_error();
    return taken ? STATUS_OK : STATUS_REFUSED;
}

enum status tls_server_harden(void *ssl_ctx)
{
    SSL_CTX *ctx = ssl_ctx;
    if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_num_tickets(ctx, 0) != 1 || SSL_CTX_set_max_early_data(ctx, 0) != 1) {
        ERR_clear_error();
        return STATUS_IO;
    }
    (void)SSL_CTX_set_options(ctx,
                              SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    /* Without this one read goes on for as long as a peer sends key updates and no data. The
     * thread would serve nobody else meanwhile and keep no deadline. */
    (void)SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    return STATUS_OK;
}

void *tls_no_client_new(void)
{
    return SSL_CTX_new(TLS_client_method());
}

void tls_no_client_free(void *ssl_ctx)
{
    SSL_CTX_free(ssl_ctx);
}

enum status tls_exporter(void *ssl, uint8_t out_exporter[WIRE_EXPORTER_BYTES])
{
    static const uint8_t NO_CONTEXT[1] = {0};
    if (ssl == NULL || SSL_version(ssl) != TLS1_3_VERSION ||
        SSL_export_keying_material(ssl, out_exporter, WIRE_EXPORTER_BYTES, WIRE_EXPORTER_LABEL,
                                   strlen(WIRE_EXPORTER_LABEL), NO_CONTEXT, 0, 1) != 1) {
        ERR_clear_error();
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}
