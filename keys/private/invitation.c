#include "keys/private/invitation.h"

#include "keys/private/code_text.h"
#include "keys/private/hkdf.h"
#include "keys/public/frame.h"
#include "proto/address.h"

#include <sodium.h>

#define PAYLOAD_BYTES (INVITATION_SECRET_BYTES + INVITATION_BUNDLE_HASH_BYTES)
#define LABEL_PADDED  (INVITATION_LABEL_TEXT_BYTES_MAX + 1u)
#define NONCE_BYTES   crypto_aead_xchacha20poly1305_ietf_NPUBBYTES

_Static_assert(INVITATION_LABEL_BYTES ==
                   NONCE_BYTES + LABEL_PADDED + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "label size");

static const char join_prefix[] = "ALCOVE1-JOIN:";
static const char device_prefix[] = "ALCOVE1-DEVICE:";

static const struct {
    const char *prefix;
    enum invitation_kind kind;
} kinds[] = {
    {join_prefix, INVITATION_KIND_JOIN},
    {device_prefix, INVITATION_KIND_DEVICE},
    {"ALCOVE1-RECOVERY:", INVITATION_KIND_RECOVERY},
    {"ALCOVE", INVITATION_KIND_OTHER}, /* last: any other code of ours */
};

static bool is_space(uint8_t character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

static struct span trim(struct span text)
{
    while (text.size > 0 && is_space(text.data[0])) {
        text = span_of(text.data + 1, text.size - 1);
    }
    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    return text;
}

static bool starts_with(struct span text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

enum invitation_kind invitation_code_kind(struct span text)
{
    text = trim(text);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (starts_with(text, kinds[i].prefix)) {
            return kinds[i].kind;
        }
    }
    return INVITATION_KIND_NONE;
}

static bool host_char(uint8_t c, bool literal)
{
    if (literal) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
    }
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.';
}

bool invitation_address_valid(struct span address)
{
    struct address parts;
    if (address.size > INVITATION_ADDRESS_CHARS_MAX ||
        address_parse(address, &parts) != STATUS_OK || parts.port == 0) {
        return false;
    }
    size_t host_size = strlen(parts.host);
    size_t port_at = host_size + (parts.bracketed ? 3u : 1u);
    if (address.data[port_at] == '0' || (parts.bracketed && host_size < 2)) {
        return false;
    }
    for (size_t i = 0; i < host_size; i++) {
        if (!host_char((uint8_t)parts.host[i], parts.bracketed)) {
            return false;
        }
    }
    return true;
}

enum status invitation_code_new(struct span address, struct invitation_code *out_code)
{
    if (!invitation_address_valid(address)) {
        return STATUS_USAGE;
    }
    CHECK(sodium_init() >= 0);
    memset(out_code, 0, sizeof *out_code);
    out_code->kind = INVITATION_KIND_JOIN;
    memcpy(out_code->address, address.data, address.size);
    randombytes_buf(out_code->secret, sizeof out_code->secret);
    return STATUS_OK;
}

void invitation_code_set_bundle(struct invitation_code *code, const struct hash *bundle_hash)
{
    memcpy(code->bundle_hash, bundle_hash->bytes, sizeof code->bundle_hash);
}

bool invitation_code_matches(const struct invitation_code *code, const struct hash *bundle_hash)
{
    return sodium_memcmp(code->bundle_hash, bundle_hash->bytes, sizeof code->bundle_hash) == 0;
}

void invitation_code_wipe(struct invitation_code *code)
{
    sodium_memzero(code, sizeof *code);
}

static const char *prefix_of(enum invitation_kind kind)
{
    CHECK(kind == INVITATION_KIND_JOIN || kind == INVITATION_KIND_DEVICE);
    return kind == INVITATION_KIND_JOIN ? join_prefix : device_prefix;
}

void invitation_code_encode(const struct invitation_code *code, char *out_text)
{
    int written = snprintf(out_text, INVITATION_TEXT_CHARS_MAX + 1, "%s%s/", prefix_of(code->kind),
                           code->address);
    CHECK(written > 0 &&
          (size_t)written + code_text_size(PAYLOAD_BYTES) <= INVITATION_TEXT_CHARS_MAX);
    size_t prefix_size = (size_t)written;
    uint8_t payload_secret[PAYLOAD_BYTES];
    memcpy(payload_secret, code->secret, INVITATION_SECRET_BYTES);
    memcpy(payload_secret + INVITATION_SECRET_BYTES, code->bundle_hash,
           INVITATION_BUNDLE_HASH_BYTES);
    code_text_encode(span_of(out_text, prefix_size), span_of(payload_secret, PAYLOAD_BYTES),
                     out_text + prefix_size);
    out_text[prefix_size + code_text_size(PAYLOAD_BYTES)] = '\0';
    sodium_memzero(payload_secret, sizeof payload_secret);
}

static enum status parse(struct span text, struct invitation_code *out_code)
{
    size_t start = strlen(prefix_of(out_code->kind));
    const uint8_t *slash = memchr(text.data, '/', text.size);
    if (slash == NULL || (size_t)(slash - text.data) < start) {
        return STATUS_MALFORMED;
    }
    size_t prefix_size = (size_t)(slash - text.data) + 1;
    struct span address = span_of(text.data + start, prefix_size - 1 - start);
    if (!invitation_address_valid(address)) {
        return STATUS_MALFORMED;
    }
    uint8_t payload_secret[PAYLOAD_BYTES];
    enum status status = code_text_decode(span_of(text.data, prefix_size),
                                          span_of(text.data + prefix_size, text.size - prefix_size),
                                          payload_secret, PAYLOAD_BYTES);
    if (status == STATUS_OK) {
        memcpy(out_code->address, address.data, address.size);
        memcpy(out_code->secret, payload_secret, INVITATION_SECRET_BYTES);
        memcpy(out_code->bundle_hash, payload_secret + INVITATION_SECRET_BYTES,
               INVITATION_BUNDLE_HASH_BYTES);
    }
    sodium_memzero(payload_secret, sizeof payload_secret);
    return status;
}

enum status invitation_code_parse(struct span text, enum invitation_kind kind,
                                  struct invitation_code *out_code)
{
    memset(out_code, 0, sizeof *out_code);
    enum invitation_kind found = invitation_code_kind(text);
    if (found != kind) {
        return found == INVITATION_KIND_NONE ? STATUS_MALFORMED : STATUS_UNSUPPORTED;
    }
    out_code->kind = kind;
    enum status status = parse(trim(text), out_code);
    if (status != STATUS_OK) {
        invitation_code_wipe(out_code);
    }
    return status;
}

static enum status derive(const struct invitation_code *code, const struct practice_id *practice,
                          enum label label, uint8_t out_secret[static 32])
{
    uint8_t info[FRAME_PREFIX_BYTES_MAX];
    size_t info_size = frame_prefix(label, practice, info);
    return hkdf_derive(span_of(NULL, 0), span_of(code->secret, INVITATION_SECRET_BYTES),
                       span_of(info, info_size), out_secret, 32);
}

enum status invitation_derive(const struct invitation_code *code,
                              const struct practice_id *practice,
                              struct identity_signer **out_signer, struct secret **out_psk)
{
    uint8_t seed_secret[IDENTITY_SEED_BYTES];
    enum status status = derive(code, practice, LABEL_INVITATION_SEED, seed_secret);
    uint8_t psk_secret[INVITATION_PSK_BYTES];
    if (status == STATUS_OK) {
        status = derive(code, practice, LABEL_INVITATION_PSK, psk_secret);
    }
    struct identity_signer *signer = NULL;
    if (status == STATUS_OK) {
        status = identity_signer_from_seed(IDENTITY_INVITATION,
                                           span_of(seed_secret, sizeof seed_secret), &signer);
    }
    if (status == STATUS_OK) {
        status = secret_from_bytes(span_of(psk_secret, sizeof psk_secret), out_psk);
    }
    if (status == STATUS_OK) {
        *out_signer = signer;
        signer = NULL;
    }
    identity_signer_free(signer);
    sodium_memzero(seed_secret, sizeof seed_secret);
    sodium_memzero(psk_secret, sizeof psk_secret);
    return status;
}

enum status invitation_label_seal(const struct invitation_code *code,
                                  const struct practice_id *practice, struct span text,
                                  uint8_t out_sealed[static INVITATION_LABEL_BYTES])
{
    if (text.size > INVITATION_LABEL_TEXT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    uint8_t key_secret[32];
    enum status status = derive(code, practice, LABEL_INVITATION_BUNDLE, key_secret);
    uint8_t padded[LABEL_PADDED] = {0};
    if (status == STATUS_OK) {
        if (text.size > 0) {
            memcpy(padded, text.data, text.size);
        }
        padded[text.size] = 0x80;
        randombytes_buf(out_sealed, NONCE_BYTES);
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out_sealed + NONCE_BYTES, NULL, padded,
                                                         sizeof padded, NULL, 0, NULL, out_sealed,
                                                         key_secret);
    }
    sodium_memzero(key_secret, sizeof key_secret);
    sodium_memzero(padded, sizeof padded);
    return status;
}

enum status invitation_label_open(const struct invitation_code *code,
                                  const struct practice_id *practice, struct span sealed,
                                  char out_text[static INVITATION_LABEL_TEXT_BYTES_MAX + 1])
{
    if (sealed.size != INVITATION_LABEL_BYTES) {
        return STATUS_DAMAGED;
    }
    uint8_t key_secret[32];
    enum status status = derive(code, practice, LABEL_INVITATION_BUNDLE, key_secret);
    uint8_t padded[LABEL_PADDED];
    if (status == STATUS_OK &&
        crypto_aead_xchacha20poly1305_ietf_decrypt(padded, NULL, NULL, sealed.data + NONCE_BYTES,
                                                   sealed.size - NONCE_BYTES, NULL, 0, sealed.data,
                                                   key_secret) != 0) {
        status = STATUS_DAMAGED;
    }
    size_t end = LABEL_PADDED;
    if (status == STATUS_OK) {
        while (end > 0 && padded[end - 1] == 0) {
            end--;
        }
        if (end == 0 || padded[end - 1] != 0x80) {
            status = STATUS_DAMAGED;
        }
    }
    if (status == STATUS_OK) {
        memset(out_text, 0, LABEL_PADDED);
        memcpy(out_text, padded, end - 1);
    }
    sodium_memzero(key_secret, sizeof key_secret);
    sodium_memzero(padded, sizeof padded);
    return status;
}
