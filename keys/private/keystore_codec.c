#include "keys/private/keystore_codec.h"

#include "keys/public/bytes/cursor.h"

#define VERSION          1u
#define ENTRY_HEAD_BYTES 6u
#define PINS_BYTES       (6u * HASH_BYTES)
#define CHECKPOINT_BYTES (8u + HASH_BYTES)
/* Everything but peers and extra, generously. */
#define FIXED_BYTES_MAX  2048u

enum tag {
    TAG_PRACTICE = 1,
    TAG_MEMBER = 2,
    TAG_DEVICE = 3,
    TAG_DEVICE_STATEMENT = 4,
    TAG_IDENTITY = 5,
    TAG_CONTENT = 6,
    TAG_LOGIN = 7,
    TAG_SEALING = 8,
    TAG_WITNESS = 9,
    TAG_CACHE_MASTER = 10,
    TAG_PINS = 11,
    TAG_STATEMENTS = 12,
    TAG_EVENTS = 13,
    TAG_ADDRESS = 14,
    TAG_ORIGIN = 15,
    TAG_GENERATION = 16,
    TAG_CLIENT_VERSION = 17,
    TAG_PARAMS = 18,
    TAG_PEERS = 19,
    TAG_EXTRA = 20,
};

static void put_head(struct cursor_writer *writer, enum tag tag, size_t size)
{
    cursor_write_u16(writer, (uint16_t)tag);
    cursor_write_u32(writer, (uint32_t)size);
}

static void put(struct cursor_writer *writer, enum tag tag, struct span value)
{
    put_head(writer, tag, value.size);
    cursor_write_span(writer, value);
}

static void put_signer(struct cursor_writer *writer, enum tag tag,
                       const struct identity_signer *signer)
{
    if (signer != NULL) {
        put(writer, tag, identity_signer_seed(signer));
    }
}

static void put_secret(struct cursor_writer *writer, enum tag tag, const struct secret *secret)
{
    if (secret != NULL) {
        put(writer, tag, secret_view(secret));
    }
}

static void put_pins(struct cursor_writer *writer, const struct keystore_pins *pins)
{
    put_head(writer, TAG_PINS, PINS_BYTES);
    cursor_write_span(writer, ID_SPAN(&pins->login_key));
    cursor_write_span(writer, ID_SPAN(&pins->login_key_next));
    cursor_write_span(writer, ID_SPAN(&pins->log_key));
    cursor_write_span(writer, ID_SPAN(&pins->log_key_next));
    cursor_write_span(writer, ID_SPAN(&pins->tls_key));
    cursor_write_span(writer, ID_SPAN(&pins->tls_key_next));
}

static void put_checkpoint(struct cursor_writer *writer, enum tag tag,
                           const struct keystore_checkpoint *checkpoint)
{
    put_head(writer, tag, CHECKPOINT_BYTES);
    cursor_write_u64(writer, checkpoint->size);
    cursor_write_span(writer, ID_SPAN(&checkpoint->root));
}

static void put_all(struct cursor_writer *writer, const struct keystore_content *content,
                    const struct pass_file_params *params)
{
    cursor_write_u16(writer, VERSION);
    put(writer, TAG_PRACTICE, ID_SPAN(&content->practice));
    put(writer, TAG_MEMBER, ID_SPAN(&content->member));
    put(writer, TAG_DEVICE, ID_SPAN(&content->device));
    put(writer, TAG_DEVICE_STATEMENT, ID_SPAN(&content->device_statement));
    put_signer(writer, TAG_IDENTITY, content->identity);
    put_signer(writer, TAG_CONTENT, content->content_key);
    put_signer(writer, TAG_LOGIN, content->login);
    put_secret(writer, TAG_SEALING, identity_sealer_secret(content->sealing));
    put_signer(writer, TAG_WITNESS, content->witness);
    put_secret(writer, TAG_CACHE_MASTER, content->cache_master);
    put_pins(writer, &content->pins);
    put_checkpoint(writer, TAG_STATEMENTS, &content->statements);
    put_checkpoint(writer, TAG_EVENTS, &content->events);
    put(writer, TAG_ADDRESS,
        span_of(content->address, strnlen(content->address, KEYSTORE_ADDRESS_CHARS_MAX)));
    put(writer, TAG_ORIGIN,
        span_of(content->origin, strnlen(content->origin, KEYSTORE_ORIGIN_CHARS_MAX)));
    put_head(writer, TAG_GENERATION, 8);
    cursor_write_u64(writer, content->generation);
    put_head(writer, TAG_CLIENT_VERSION, 4);
    cursor_write_u32(writer, content->client_version);
    put_head(writer, TAG_PARAMS, 8);
    cursor_write_u32(writer, params->passes);
    cursor_write_u32(writer, params->memory_kib);
    put_secret(writer, TAG_PEERS, content->peers);
    put_secret(writer, TAG_EXTRA, content->extra);
}

static size_t round_up(size_t size)
{
    return (size + KEYSTORE_CODEC_STEP_BYTES - 1) / KEYSTORE_CODEC_STEP_BYTES *
           KEYSTORE_CODEC_STEP_BYTES;
}

static size_t optional_size(const struct secret *secret)
{
    return secret == NULL ? 0 : secret_view(secret).size + ENTRY_HEAD_BYTES;
}

enum status keystore_codec_encode(const struct keystore_content *content,
                                  const struct pass_file_params *params, struct secret **out_bytes,
                                  size_t *out_size)
{
    struct secret *bytes = NULL;
    struct cursor_writer writer;
    size_t used = 0;
    size_t capacity =
        round_up(FIXED_BYTES_MAX + optional_size(content->peers) + optional_size(content->extra));
    enum status status = secret_new(capacity, &bytes);
    if (status != STATUS_OK) {
        return status;
    }
    cursor_write_init(&writer, secret_fill(bytes), capacity);
    put_all(&writer, content, params);
    CHECK(cursor_write_done(&writer, &used) == STATUS_OK);
    *out_bytes = bytes;
    *out_size = round_up(used);
    return STATUS_OK;
}

/* The next entry's tag, 0 at the end, without consuming it. */
static uint16_t peek_tag(const struct cursor_reader *reader)
{
    struct cursor_reader ahead = *reader;
    return reader->failed ? 0 : cursor_read_u16(&ahead);
}

static struct span take(struct cursor_reader *reader, enum tag tag, size_t size_min,
                        size_t size_max)
{
    uint16_t found = cursor_read_u16(reader);
    uint32_t size = cursor_read_u32(reader);
    if (found != (uint16_t)tag || size < size_min || size > size_max) {
        reader->failed = true;
    }
    return cursor_read_span(reader, reader->failed ? 0 : size);
}

static void take_bytes(struct cursor_reader *reader, enum tag tag, void *out, size_t size)
{
    struct span value = take(reader, tag, size, size);
    if (value.size == size) {
        memcpy(out, value.data, size);
    }
}

static void take_text(struct cursor_reader *reader, enum tag tag, char *out, size_t chars_max)
{
    struct span value = take(reader, tag, 0, chars_max);
    if (value.size > 0 && memchr(value.data, 0, value.size) != NULL) {
        reader->failed = true;
    } else if (value.size > 0) {
        memcpy(out, value.data, value.size);
    }
}

static enum status take_signer(struct cursor_reader *reader, enum tag tag, enum identity_role role,
                               struct identity_signer **out_signer)
{
    struct span seed = take(reader, tag, IDENTITY_SEED_BYTES, IDENTITY_SEED_BYTES);
    if (reader->failed) {
        return STATUS_DAMAGED;
    }
    return identity_signer_from_seed(role, seed, out_signer);
}

static enum status take_secret(struct cursor_reader *reader, enum tag tag, size_t size_min,
                               size_t size_max, struct secret **out_secret)
{
    struct span value = take(reader, tag, size_min, size_max);
    if (reader->failed) {
        return STATUS_DAMAGED;
    }
    return secret_from_bytes(value, out_secret);
}

static void take_pins(struct cursor_reader *reader, struct keystore_pins *pins)
{
    struct cursor_reader inner;
    cursor_read_init(&inner, take(reader, TAG_PINS, PINS_BYTES, PINS_BYTES));
    cursor_read_bytes(&inner, pins->login_key.bytes, HASH_BYTES);
    cursor_read_bytes(&inner, pins->login_key_next.bytes, HASH_BYTES);
    cursor_read_bytes(&inner, pins->log_key.bytes, HASH_BYTES);
    cursor_read_bytes(&inner, pins->log_key_next.bytes, HASH_BYTES);
    cursor_read_bytes(&inner, pins->tls_key.bytes, HASH_BYTES);
    cursor_read_bytes(&inner, pins->tls_key_next.bytes, HASH_BYTES);
}

static void take_checkpoint(struct cursor_reader *reader, enum tag tag,
                            struct keystore_checkpoint *checkpoint)
{
    struct cursor_reader inner;
    cursor_read_init(&inner, take(reader, tag, CHECKPOINT_BYTES, CHECKPOINT_BYTES));
    checkpoint->size = cursor_read_u64(&inner);
    cursor_read_bytes(&inner, checkpoint->root.bytes, HASH_BYTES);
}

static enum status take_keys(struct cursor_reader *reader, struct keystore_content *content)
{
    enum status status = STATUS_OK;
    struct secret *sealing = NULL;
    if (peek_tag(reader) == TAG_IDENTITY) {
        status = take_signer(reader, TAG_IDENTITY, IDENTITY_MEMBER, &content->identity);
    }
    if (status == STATUS_OK) {
        status = take_signer(reader, TAG_CONTENT, IDENTITY_CONTENT, &content->content_key);
    }
    if (status == STATUS_OK) {
        status = take_signer(reader, TAG_LOGIN, IDENTITY_LOGIN, &content->login);
    }
    if (status == STATUS_OK) {
        status = take_secret(reader, TAG_SEALING, 32, 32, &sealing);
    }
    if (status == STATUS_OK) {
        status = identity_sealer_from_secret(secret_view(sealing), &content->sealing);
    }
    if (status == STATUS_OK && peek_tag(reader) == TAG_WITNESS) {
        status = take_signer(reader, TAG_WITNESS, IDENTITY_WITNESS, &content->witness);
    }
    if (status == STATUS_OK) {
        status = take_secret(reader, TAG_CACHE_MASTER, 32, 32, &content->cache_master);
    }
    secret_free(sealing);
    return status;
}

/* Ascending by member, each once: one set of peers has one encoding. */
static bool peers_sorted(const struct secret *peers)
{
    struct span all = secret_view(peers);
    if (all.size % KEYSTORE_CODEC_PEER_BYTES != 0) {
        return false;
    }
    for (size_t at = KEYSTORE_CODEC_PEER_BYTES; at < all.size; at += KEYSTORE_CODEC_PEER_BYTES) {
        if (memcmp(all.data + at - KEYSTORE_CODEC_PEER_BYTES, all.data + at, ID_BYTES) >= 0) {
            return false;
        }
    }
    return true;
}

static enum status take_tail(struct cursor_reader *reader, struct keystore_content *content)
{
    enum status status = STATUS_OK;
    if (peek_tag(reader) == TAG_PEERS) {
        status = take_secret(reader, TAG_PEERS, KEYSTORE_CODEC_PEER_BYTES,
                             KEYSTORE_PEERS_MAX * KEYSTORE_CODEC_PEER_BYTES, &content->peers);
    }
    if (status == STATUS_OK && content->peers != NULL && !peers_sorted(content->peers)) {
        status = STATUS_DAMAGED;
    }
    if (status == STATUS_OK && peek_tag(reader) == TAG_EXTRA) {
        status = take_secret(reader, TAG_EXTRA, 1, KEYSTORE_EXTRA_BYTES_MAX, &content->extra);
    }
    return status;
}

/* Only the zeros that rounding needed may follow. */
static bool rest_is_padding(struct cursor_reader *reader)
{
    struct span rest = cursor_read_rest(reader);
    uint8_t seen = 0;
    for (size_t i = 0; i < rest.size; i++) {
        seen |= rest.data[i];
    }
    return seen == 0 && rest.size < KEYSTORE_CODEC_STEP_BYTES;
}

static enum status decode_all(struct cursor_reader *reader, struct keystore_content *content,
                              struct pass_file_params *params)
{
    if (cursor_read_u16(reader) != VERSION) {
        return STATUS_DAMAGED;
    }
    take_bytes(reader, TAG_PRACTICE, content->practice.bytes, HASH_BYTES);
    take_bytes(reader, TAG_MEMBER, content->member.bytes, ID_BYTES);
    take_bytes(reader, TAG_DEVICE, content->device.bytes, ID_BYTES);
    take_bytes(reader, TAG_DEVICE_STATEMENT, content->device_statement.bytes, HASH_BYTES);
    enum status status = take_keys(reader, content);
    if (status != STATUS_OK) {
        return status;
    }
    struct cursor_reader inner;
    take_pins(reader, &content->pins);
    take_checkpoint(reader, TAG_STATEMENTS, &content->statements);
    take_checkpoint(reader, TAG_EVENTS, &content->events);
    take_text(reader, TAG_ADDRESS, content->address, KEYSTORE_ADDRESS_CHARS_MAX);
    take_text(reader, TAG_ORIGIN, content->origin, KEYSTORE_ORIGIN_CHARS_MAX);
    cursor_read_init(&inner, take(reader, TAG_GENERATION, 8, 8));
    content->generation = cursor_read_u64(&inner);
    cursor_read_init(&inner, take(reader, TAG_CLIENT_VERSION, 4, 4));
    content->client_version = cursor_read_u32(&inner);
    cursor_read_init(&inner, take(reader, TAG_PARAMS, 8, 8));
    params->passes = cursor_read_u32(&inner);
    params->memory_kib = cursor_read_u32(&inner);
    return take_tail(reader, content);
}

enum status keystore_codec_decode(struct span bytes, struct keystore_content *out_content,
                                  struct pass_file_params *out_params)
{
    struct cursor_reader reader;
    memset(out_content, 0, sizeof(*out_content));
    cursor_read_init(&reader, bytes);
    enum status status = decode_all(&reader, out_content, out_params);
    if (status == STATUS_OK &&
        (bytes.size % KEYSTORE_CODEC_STEP_BYTES != 0 || !rest_is_padding(&reader) ||
         cursor_read_done(&reader) != STATUS_OK)) {
        status = STATUS_DAMAGED;
    }
    if (status != STATUS_OK) {
        keystore_content_deinit(out_content);
    }
    return status;
}
