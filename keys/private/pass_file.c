#include "keys/private/pass_file.h"

#include "keys/private/committed.h"
#include "keys/private/pass_file_internal.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/frame.h"

#include <sodium.h>

#define VERSION    1u
#define LANES      1u
#define SALT_BYTES 16u

static const uint8_t magic[8] = {'A', 'L', 'C', 'O', 'V', 'E', 'K', 'F'};

const struct pass_file_params pass_file_params_default = {3, 256u * 1024u};
const struct pass_file_params pass_file_params_floor = {PASS_FILE_PASSES_MIN,
                                                        PASS_FILE_MEMORY_KIB_MIN};

_Static_assert(crypto_pwhash_SALTBYTES == SALT_BYTES, "salt size");
_Static_assert(PASS_FILE_OVERHEAD_BYTES == PASS_FILE_HEADER_BYTES + COMMITTED_OVERHEAD_BYTES,
               "overhead");

struct pass_file {
    enum pass_file_kind kind;
    struct pass_file_params params;
    uint8_t salt[SALT_BYTES];
    struct secret *key;
};

struct header {
    struct pass_file_params params;
    uint8_t salt[SALT_BYTES];
};

static enum label kind_label(enum pass_file_kind kind)
{
    CHECK(kind == PASS_FILE_KEYSTORE || kind == PASS_FILE_ROOT_KEY);
    return kind == PASS_FILE_KEYSTORE ? LABEL_KEYSTORE : LABEL_ROOT_KEY_FILE;
}

static bool params_allowed(const struct pass_file_params *params)
{
    return params->passes >= PASS_FILE_PASSES_MIN && params->passes <= PASS_FILE_PASSES_MAX &&
           params->memory_kib >= PASS_FILE_MEMORY_KIB_MIN &&
           params->memory_kib <= PASS_FILE_MEMORY_KIB_MAX;
}

static void header_encode(const struct pass_file *file, size_t content_size,
                          uint8_t out[static PASS_FILE_HEADER_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, PASS_FILE_HEADER_BYTES);
    cursor_write_span(&writer, span_of(magic, sizeof magic));
    cursor_write_u16(&writer, VERSION);
    cursor_write_u16(&writer, (uint16_t)file->kind);
    cursor_write_u32(&writer, file->params.passes);
    cursor_write_u32(&writer, file->params.memory_kib);
    cursor_write_u32(&writer, LANES);
    cursor_write_span(&writer, span_of(file->salt, sizeof file->salt));
    cursor_write_u32(&writer, (uint32_t)(content_size + COMMITTED_OVERHEAD_BYTES));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == PASS_FILE_HEADER_BYTES);
}

/* Shape first, so that a foreign file is "damaged"; then what we do not do. */
static enum status header_decode(struct span file, enum pass_file_kind kind,
                                 struct header *out_header)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, file);
    uint8_t found[sizeof magic];
    cursor_read_bytes(&reader, found, sizeof found);
    uint16_t version = cursor_read_u16(&reader);
    uint16_t found_kind = cursor_read_u16(&reader);
    if (reader.failed || memcmp(found, magic, sizeof magic) != 0) {
        return STATUS_DAMAGED;
    }
    if (version != VERSION) {
        return STATUS_UNSUPPORTED;
    }
    out_header->params.passes = cursor_read_u32(&reader);
    out_header->params.memory_kib = cursor_read_u32(&reader);
    uint32_t lanes = cursor_read_u32(&reader);
    cursor_read_bytes(&reader, out_header->salt, SALT_BYTES);
    uint32_t sealed_size = cursor_read_u32(&reader);
    struct span sealed = cursor_read_rest(&reader);
    if (cursor_read_done(&reader) != STATUS_OK || found_kind != (uint16_t)kind ||
        sealed.size != sealed_size || sealed.size <= COMMITTED_OVERHEAD_BYTES ||
        sealed.size - COMMITTED_OVERHEAD_BYTES > PASS_FILE_CONTENT_BYTES_MAX) {
        return STATUS_DAMAGED;
    }
    if (lanes != LANES || !params_allowed(&out_header->params)) {
        return STATUS_UNSUPPORTED;
    }
    return STATUS_OK;
}

enum status pass_file_probe(struct span file, enum pass_file_kind kind,
                            struct pass_file_params *out_params)
{
    struct header header;
    enum status status = header_decode(file, kind, &header);
    if (status == STATUS_OK) {
        *out_params = header.params;
    }
    return status;
}

enum status pass_file_new_fixed(enum pass_file_kind kind, const struct pass_file_params *params,
                                const uint8_t salt[static SALT_BYTES], struct span passphrase,
                                struct pass_file **out_file)
{
    if (!params_allowed(params)) {
        return STATUS_UNSUPPORTED;
    }
    if (passphrase.size > PASS_FILE_PASSPHRASE_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct pass_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return STATUS_NO_MEMORY;
    }
    file->kind = kind;
    file->params = *params;
    memcpy(file->salt, salt, SALT_BYTES);
    enum status status = secret_new(COMMITTED_KEY_BYTES, &file->key);
    /* Its only failure is memory that the system does not give. */
    if (status == STATUS_OK &&
        crypto_pwhash(secret_fill(file->key), COMMITTED_KEY_BYTES, (const char *)passphrase.data,
                      passphrase.size, salt, params->passes, (size_t)params->memory_kib * 1024u,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        status = STATUS_NO_MEMORY;
    }
    if (status != STATUS_OK) {
        pass_file_free(file);
        return status;
    }
    *out_file = file;
    return STATUS_OK;
}

enum status pass_file_new(enum pass_file_kind kind, const struct pass_file_params *params,
                          struct span passphrase, struct pass_file **out_file)
{
    CHECK(sodium_init() >= 0);
    uint8_t salt[SALT_BYTES];
    randombytes_buf(salt, sizeof salt);
    return pass_file_new_fixed(kind, params, salt, passphrase, out_file);
}

/* The frame over the header: commitment input and associated data at once. */
static enum status scope_build(const struct pass_file *file,
                               const uint8_t header[static PASS_FILE_HEADER_BYTES],
                               struct frame *out_frame, struct committed_scope *out_scope)
{
    struct span body = span_of(header, PASS_FILE_HEADER_BYTES);
    enum status status = frame_build(kind_label(file->kind), NULL, &body, 1, out_frame);
    if (status == STATUS_OK) {
        out_scope->key = secret_view(file->key).data;
        out_scope->frame = span_of(out_frame->data, out_frame->size);
        out_scope->associated = out_scope->frame;
    }
    return status;
}

static enum status open_content(const struct pass_file *file, struct span bytes,
                                struct secret **out_content)
{
    struct span sealed =
        span_of(bytes.data + PASS_FILE_HEADER_BYTES, bytes.size - PASS_FILE_HEADER_BYTES);
    struct frame frame = {0};
    struct committed_scope scope;
    enum status status = scope_build(file, bytes.data, &frame, &scope);
    struct secret *content = NULL;
    if (status == STATUS_OK) {
        status = secret_new(sealed.size - COMMITTED_OVERHEAD_BYTES, &content);
    }
    if (status == STATUS_OK) {
        status = committed_open(&scope, sealed, secret_fill(content));
    }
    if (status == STATUS_OK) {
        *out_content = content;
        content = NULL;
    }
    secret_free(content);
    frame_free(&frame);
    return status;
}

enum status pass_file_open(struct span bytes, enum pass_file_kind kind, struct span passphrase,
                           struct pass_file **out_file, struct secret **out_content)
{
    struct header header;
    enum status status = header_decode(bytes, kind, &header);
    if (status != STATUS_OK) {
        return status;
    }
    struct pass_file *file = NULL;
    status = pass_file_new_fixed(kind, &header.params, header.salt, passphrase, &file);
    if (status == STATUS_OK) {
        status = open_content(file, bytes, out_content);
    }
    if (status == STATUS_OK) {
        *out_file = file;
        file = NULL;
    }
    pass_file_free(file);
    return status == STATUS_TOO_LARGE ? STATUS_DAMAGED : status;
}

enum status pass_file_seal_fixed(struct pass_file *file, const uint8_t nonce[static 24],
                                 struct span content, uint8_t *out_bytes)
{
    CHECK(content.size > 0 && content.size <= PASS_FILE_CONTENT_BYTES_MAX);
    header_encode(file, content.size, out_bytes);
    struct frame frame = {0};
    struct committed_scope scope;
    enum status status = scope_build(file, out_bytes, &frame, &scope);
    if (status == STATUS_OK) {
        committed_seal(&scope, nonce, content, out_bytes + PASS_FILE_HEADER_BYTES);
    }
    frame_free(&frame);
    return status;
}

enum status pass_file_seal(struct pass_file *file, struct span content, uint8_t *out_bytes)
{
    uint8_t nonce[COMMITTED_NONCE_BYTES];
    randombytes_buf(nonce, sizeof nonce);
    return pass_file_seal_fixed(file, nonce, content, out_bytes);
}

struct pass_file_params pass_file_params_of(const struct pass_file *file)
{
    return file->params;
}

void pass_file_free(struct pass_file *file)
{
    if (file == NULL) {
        return;
    }
    secret_free(file->key);
    free(file);
}
