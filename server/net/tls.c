#include "server/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

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
