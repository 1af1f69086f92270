#include "client/wire/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

static bool key_matches(const X509 *certificate, struct tls_pin *pin)
{
    unsigned char *der = NULL;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    bool found =
        size > 0 && EVP_Digest(der, (size_t)size, pin->found.bytes, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return found && (pin->any || CRYPTO_memcmp(pin->found.bytes, pin->expected.bytes,
                                               sizeof pin->found.bytes) == 0);
}

/* In place of OpenSSL's whole chain verification. */
static int verify(X509_STORE_CTX *store, void *arg)
{
    struct tls_pin *pin = arg;
    const X509 *certificate = X509_STORE_CTX_get0_cert(store);
    if (certificate != NULL && key_matches(certificate, pin)) {
        pin->matched = true;
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    pin->mismatched = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

static void on_info(const SSL *ssl, int where, int value)
{
    struct tls_pin *pin = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    (void)value;
    if ((where & SSL_CB_HANDSHAKE_START) != 0 && pin != NULL) {
        pin->started = true;
    }
}

void *tls_client_new(struct tls_pin *pin)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_app_data(ctx, pin) != 1) {
        ERR_clear_error();
        SSL_CTX_free(ctx);
        return NULL;
    }
    (void)SSL_CTX_set_options(ctx,
                              SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    /* Without this one read goes on for as long as the server sends key updates and no data. */
    (void)SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_cert_verify_callback(ctx, verify, pin);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_info_callback(ctx, on_info);
    return ctx;
}

void tls_client_free(void *ssl_ctx)
{
    SSL_CTX_free(ssl_ctx);
}

enum status tls_client_exporter(void *ssl, uint8_t out_exporter[WIRE_EXPORTER_BYTES])
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
