#include "tests/bench/login.h"

#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "login: %s\n", what);
        exit(1);
    }
}

size_t login_body(const struct keystore_content *content, struct span hello_bytes,
                  const uint8_t exporter[static WIRE_EXPORTER_BYTES],
                  uint8_t out[static LOGIN_BODY_BYTES_MAX])
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    must(message_decode(&alcove__hello__descriptor, hello_bytes, &arena, &message) == STATUS_OK,
         "the hello is malformed");
    const Alcove__Hello *hello = (const Alcove__Hello *)(const void *)message;
    uint8_t nonce[HELLO_NONCE_BYTES];
    random_bytes(nonce, sizeof nonce);
    struct hash server_key;
    hash_bytes(field_span(hello->login_key), &server_key);
    struct hash hello_hash;
    hash_bytes(hello_bytes, &hello_hash);
    const uint8_t zero_size[8] = {0};
    const struct hash zero_root = {{0}};
    const struct span parts[] = {
        span_of(exporter, WIRE_EXPORTER_BYTES),
        field_span(hello->nonce),
        span_of(nonce, sizeof nonce),
        ID_SPAN(&server_key),
        ID_SPAN(&hello_hash),
        ID_SPAN(&content->member),
        ID_SPAN(&content->device_statement),
        span_of(zero_size, sizeof zero_size),
        ID_SPAN(&zero_root),
        span_of(zero_size, sizeof zero_size),
        ID_SPAN(&zero_root),
    };
    struct signature signature;
    must(identity_sign(content->login, LABEL_LOGIN_CLIENT, &content->practice, parts,
                       ARRAY_LEN(parts), &signature) == STATUS_OK,
         "it cannot be signed");
    Alcove__Login body = ALCOVE__LOGIN__INIT;
    body.version = WIRE_VERSION;
    body.nonce = field_of(nonce, sizeof nonce);
    body.member = field_of(content->member.bytes, ID_BYTES);
    body.device_statement = field_of(content->device_statement.bytes, HASH_BYTES);
    body.signature = field_of(signature.bytes, SIGNATURE_BYTES);
    size_t size = 0;
    must(message_pack_into(&body.base, out, LOGIN_BODY_BYTES_MAX, &size) == STATUS_OK, "packing");
    arena_free(&arena);
    return size;
}
