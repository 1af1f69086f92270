#include "keys/private/keystore.h"
#include "keys/private/keystore_codec.h"

#include <sodium.h>

#define PEER_BYTES KEYSTORE_CODEC_PEER_BYTES

enum status keystore_content_init(struct keystore_content *out_content)
{
    memset(out_content, 0, sizeof *out_content);
    enum status status = identity_signer_new(IDENTITY_CONTENT, &out_content->content_key);
    if (status == STATUS_OK) {
        status = identity_signer_new(IDENTITY_LOGIN, &out_content->login);
    }
    if (status == STATUS_OK) {
        status = identity_sealer_new(&out_content->sealing);
    }
    if (status == STATUS_OK) {
        status = secret_random(32, &out_content->cache_master);
    }
    if (status != STATUS_OK) {
        keystore_content_deinit(out_content);
    }
    return status;
}

void keystore_content_deinit(struct keystore_content *content)
{
    identity_signer_free(content->identity);
    identity_signer_free(content->content_key);
    identity_signer_free(content->login);
    identity_signer_free(content->witness);
    identity_sealer_free(content->sealing);
    secret_free(content->cache_master);
    secret_free(content->peers);
    secret_free(content->extra);
    sodium_memzero(content, sizeof *content);
}

static struct span peers_view(const struct keystore_content *content)
{
    return content->peers == NULL ? span_of(NULL, 0) : secret_view(content->peers);
}

/* Offset of |member|'s entry, or of the place where it belongs. */
static size_t find_peer(struct span peers, const struct member_id *member, bool *out_found)
{
    size_t at = 0;
    while (at < peers.size && memcmp(peers.data + at, member->bytes, ID_BYTES) < 0) {
        at += PEER_BYTES;
    }
    *out_found = at < peers.size && memcmp(peers.data + at, member->bytes, ID_BYTES) == 0;
    return at;
}

static enum status insert_peer(struct keystore_content *content, size_t at,
                               const struct member_id *member, const struct secret *psk)
{
    struct span old = peers_view(content);
    if (old.size >= KEYSTORE_PEERS_MAX * PEER_BYTES) {
        return STATUS_FULL;
    }
    struct secret *grown = NULL;
    enum status status = secret_new(old.size + PEER_BYTES, &grown);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *bytes = secret_fill(grown);
    if (old.size > 0) {
        memcpy(bytes, old.data, at);
        memcpy(bytes + at + PEER_BYTES, old.data + at, old.size - at);
    }
    memcpy(bytes + at, member->bytes, ID_BYTES);
    memcpy(bytes + at + ID_BYTES, secret_view(psk).data, KEYSTORE_PSK_BYTES);
    secret_free(content->peers);
    content->peers = grown;
    return STATUS_OK;
}

enum status keystore_content_set_psk(struct keystore_content *content,
                                     const struct member_id *member, const struct secret *psk)
{
    CHECK(secret_view(psk).size == KEYSTORE_PSK_BYTES);
    bool found = false;
    size_t at = find_peer(peers_view(content), member, &found);
    if (!found) {
        return insert_peer(content, at, member, psk);
    }
    memcpy(secret_fill(content->peers) + at + ID_BYTES, secret_view(psk).data, KEYSTORE_PSK_BYTES);
    return STATUS_OK;
}

enum status keystore_content_psk(const struct keystore_content *content,
                                 const struct member_id *member, struct secret **out_psk)
{
    struct span peers = peers_view(content);
    bool found = false;
    size_t at = find_peer(peers, member, &found);
    if (!found) {
        return STATUS_NOT_FOUND;
    }
    return secret_from_bytes(span_of(peers.data + at + ID_BYTES, KEYSTORE_PSK_BYTES), out_psk);
}

enum status keystore_content_set_extra(struct keystore_content *content, struct span extra)
{
    if (extra.size > KEYSTORE_EXTRA_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct secret *copy = NULL;
    enum status status = extra.size == 0 ? STATUS_OK : secret_from_bytes(extra, &copy);
    if (status == STATUS_OK) {
        secret_free(content->extra);
        content->extra = copy;
    }
    return status;
}
