/*
 * Writes the corpus of the protobuf targets: one well-formed message of each type, every
 * field filled, and one statement of each type around its body.
 *
 *   fuzz_seed tests/fuzz/corpus
 *
 * Bodies are put together from the schema's own description, inner messages first, so a
 * new message is covered by running this again. Values are fixed.
 */
#include "proto/span.h"

#include "keys/public/statement.h"
#include "tests/fuzz/messages.h"

#include <sys/stat.h>

#define SEED_BYTES_MAX 4096u
#define SEED_ROUNDS    8u /* more than any message of the schema is deep */

struct seed {
    uint8_t bytes[SEED_BYTES_MAX];
    size_t size;
};

static struct seed seeds[ARRAY_LEN(fuzz_messages)];

/* Fields of Link that the statement being made leaves out, by who signs it. */
static bool seed_without_member;
static bool seed_without_device;

static void seed_byte(struct seed *seed, uint8_t byte)
{
    CHECK(seed->size < sizeof seed->bytes);
    seed->bytes[seed->size++] = byte;
}

static void seed_varint(struct seed *seed, uint64_t value)
{
    while (value >= 0x80u) {
        seed_byte(seed, (uint8_t)(value | 0x80u));
        value >>= 7;
    }
    seed_byte(seed, (uint8_t)value);
}

static void seed_bytes(struct seed *seed, struct span bytes)
{
    seed_varint(seed, bytes.size);
    for (size_t i = 0; i < bytes.size; i++) {
        seed_byte(seed, bytes.data[i]);
    }
}

/* The lengths that readers ask for; everything else is a hash, a key or a label. */
static size_t seed_length(const char *name)
{
    static const struct {
        const char *name;
        size_t size;
    } lengths[] = {
        {"signature", SIGNATURE_BYTES}, {"member", ID_BYTES},
        {"invited", ID_BYTES},          {"staff", ID_BYTES},
        {"section", ID_BYTES},          {"chart", ID_BYTES},
        {"client", ID_BYTES},           {"note", ID_BYTES},
        {"request_id", ID_BYTES},       {"sealed", SEAL_SEALED_BYTES},
    };
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        if (strcmp(lengths[i].name, name) == 0) {
            return lengths[i].size;
        }
    }
    return HASH_BYTES;
}

static const struct seed *seed_of(const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t i = 0; i < ARRAY_LEN(fuzz_messages); i++) {
        if (fuzz_messages[i] == descriptor) {
            return &seeds[i];
        }
    }
    CHECK(false);
    return NULL;
}

static void seed_field(struct seed *seed, const ProtobufCMessageDescriptor *descriptor,
                       const ProtobufCFieldDescriptor *field)
{
    static const uint8_t fill[SIGNATURE_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};
    bool is_device =
        strcmp(descriptor->short_name, "DeviceKeys") == 0 && strcmp(field->name, "device") == 0;
    size_t length = is_device ? ID_BYTES : seed_length(field->name);
    if (strcmp(descriptor->short_name, "Link") == 0 &&
        ((seed_without_member && strcmp(field->name, "member") == 0) ||
         (seed_without_device && strcmp(field->name, "device") == 0))) {
        return;
    }
    if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
        const struct seed *inner = seed_of(field->descriptor);
        seed_varint(seed, (uint64_t)field->id << 3 | 2u);
        seed_bytes(seed, span_of(inner->bytes, inner->size));
    } else if (field->type == PROTOBUF_C_TYPE_BYTES) {
        seed_varint(seed, (uint64_t)field->id << 3 | 2u);
        seed_bytes(seed, span_of(fill, length));
    } else {
        bool packed = field->label == PROTOBUF_C_LABEL_REPEATED;
        CHECK(field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_UINT64 ||
              field->type == PROTOBUF_C_TYPE_BOOL);
        seed_varint(seed, (uint64_t)field->id << 3 | (packed ? 2u : 0u));
        if (packed) {
            seed_varint(seed, 1); /* byte, of one element */
        }
        /* The first epoch has no previous one. */
        seed_varint(seed, strcmp(field->name, "epoch") == 0 ? 2 : 1);
    }
}

static void seed_message(struct seed *seed, const ProtobufCMessageDescriptor *descriptor)
{
    seed->size = 0;
    for (unsigned int i = 0; i < descriptor->n_fields; i++) {
        seed_field(seed, descriptor, &descriptor->fields[i]);
    }
}

/* Inner messages first: each round knows one level more. */
static void seed_all(void)
{
    for (unsigned int round = 0; round < SEED_ROUNDS; round++) {
        for (size_t i = 0; i < ARRAY_LEN(fuzz_messages); i++) {
            seed_message(&seeds[i], fuzz_messages[i]);
        }
    }
}

static void seed_write(const char *folder, const char *target, const char *name,
                       const struct seed *seed)
{
    char path[1024];
    CHECK(snprintf(path, sizeof path, "%s/%s", folder, target) < (int)sizeof path);
    (void)mkdir(path, 0755);
    CHECK(snprintf(path, sizeof path, "%s/%s/%s", folder, target, name) < (int)sizeof path);
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(seed->bytes, 1, seed->size, file) == seed->size);
    CHECK(fclose(file) == 0);
}

static void seed_statement(const char *folder, const struct statement_rule *rule)
{
    static const uint8_t fill[SIGNATURE_BYTES] = {9, 8, 7};
    seed_without_member = rule->signer[0] == STATEMENT_BY_ROOT;
    seed_without_device = seed_without_member || rule->signer[0] == STATEMENT_BY_IDENTITY;
    seed_all();
    const struct seed *body = seed_of(rule->body);
    struct seed statement = {.size = 0};
    seed_varint(&statement, 1u << 3);
    seed_varint(&statement, 1);
    seed_varint(&statement, 2u << 3);
    seed_varint(&statement, rule->type);
    seed_varint(&statement, 3u << 3 | 2u);
    seed_bytes(&statement, span_of(body->bytes, body->size));
    for (size_t i = 0; i < rule->signatures; i++) {
        seed_varint(&statement, 4u << 3 | 2u);
        seed_bytes(&statement, span_of(fill, sizeof fill));
    }
    struct span bytes = span_of(statement.bytes, statement.size);
    const struct practice_id practice = {{1}};
    struct statement parsed;
    if (statement_parse(bytes, &practice, &parsed) != STATUS_OK) {
        (void)fprintf(stderr, "%s: not a statement\n", rule->name);
        exit(1);
    }
    statement_free(&parsed);
    seed_write(folder, "fuzz_statement", rule->name, &statement);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: fuzz_seed FOLDER\n");
        return 2;
    }
    seed_all();
    for (size_t i = 0; i < ARRAY_LEN(fuzz_messages); i++) {
        struct span bytes = span_of(seeds[i].bytes, seeds[i].size);
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        enum status status = message_decode(fuzz_messages[i], bytes, &arena, &message);
        arena_free(&arena);
        const char *name = fuzz_messages[i]->short_name;
        if (status != STATUS_OK) {
            (void)fprintf(stderr, "%s: not a message: %s\n", name, status_name(status));
            return 1;
        }
        bool revision = strcmp(name, "Context") == 0 || strcmp(name, "Header") == 0;
        seed_write(argv[1], "fuzz_message", name, &seeds[i]);
        if (revision) {
            seed_write(argv[1], "fuzz_revision", name, &seeds[i]);
        }
    }
    for (uint32_t type = 1; type < 64; type++) {
        if (statement_rule(type) != NULL) {
            seed_statement(argv[1], statement_rule(type));
        }
    }
    return 0;
}
