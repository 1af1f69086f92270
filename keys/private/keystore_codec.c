#include "keys/private/keystore_codec.h"

#include "keys/public/bytes/fields.h"

#define VERSION          1u
#define ENTRY_HEAD_BYTES 6u
#define KEY_BYTES        32u
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

enum form {
    FORM_FIELDS, /* by `rows` */
    FORM_TEXT,   /* without its terminator, and with no zero byte inside */
    FORM_SIGNER, /* the three kinds of pointer: NULL is written as nothing */
    FORM_SEALER,
    FORM_SECRET,
};

/* One entry of the file: a tag, a size and the value of one or two members of the content, or
 * of the params. */
struct entry {
    enum tag tag;
    enum form form;
    struct field rows[2]; /* FIELDS: one or two */
    size_t at;            /* all others: the member's offset */
    size_t size_min;      /* of these; both 0: KEY_BYTES */
    size_t size_max;
    enum identity_role role;
    bool optional;
    bool of_params;
};

_Static_assert(sizeof(struct keystore_pins) == 6u * HASH_BYTES, "six keys and nothing between");
_Static_assert(IDENTITY_SEED_BYTES == KEY_BYTES, "every key is as long");

/* In the order of the file, which is the only one that is read. */
static const struct entry ENTRIES[] = {
    {TAG_PRACTICE, FORM_FIELDS, .rows = {FIELD(struct keystore_content, practice, FIELD_BYTES)}},
    {TAG_MEMBER, FORM_FIELDS, .rows = {FIELD(struct keystore_content, member, FIELD_BYTES)}},
    {TAG_DEVICE, FORM_FIELDS, .rows = {FIELD(struct keystore_content, device, FIELD_BYTES)}},
    {TAG_DEVICE_STATEMENT, FORM_FIELDS,
     .rows = {FIELD(struct keystore_content, device_statement, FIELD_BYTES)}},
    {TAG_IDENTITY, FORM_SIGNER, .at = offsetof(struct keystore_content, identity),
     .role = IDENTITY_MEMBER, .optional = true},
    {TAG_CONTENT, FORM_SIGNER, .at = offsetof(struct keystore_content, content_key),
     .role = IDENTITY_CONTENT},
    {TAG_LOGIN, FORM_SIGNER, .at = offsetof(struct keystore_content, login),
     .role = IDENTITY_LOGIN},
    {TAG_SEALING, FORM_SEALER, .at = offsetof(struct keystore_content, sealing)},
    {TAG_WITNESS, FORM_SIGNER, .at = offsetof(struct keystore_content, witness),
     .role = IDENTITY_WITNESS, .optional = true},
    {TAG_CACHE_MASTER, FORM_SECRET, .at = offsetof(struct keystore_content, cache_master)},
    {TAG_PINS, FORM_FIELDS, .rows = {FIELD(struct keystore_content, pins, FIELD_BYTES)}},
    {TAG_STATEMENTS, FORM_FIELDS,
     .rows = {FIELD(struct keystore_content, statements.size, FIELD_U64),
              FIELD(struct keystore_content, statements.root, FIELD_BYTES)}},
    {TAG_EVENTS, FORM_FIELDS,
     .rows = {FIELD(struct keystore_content, events.size, FIELD_U64),
              FIELD(struct keystore_content, events.root, FIELD_BYTES)}},
    {TAG_ADDRESS, FORM_TEXT, .at = offsetof(struct keystore_content, address),
     .size_max = KEYSTORE_ADDRESS_CHARS_MAX},
    {TAG_ORIGIN, FORM_TEXT, .at = offsetof(struct keystore_content, origin),
     .size_max = KEYSTORE_ORIGIN_CHARS_MAX},
    {TAG_GENERATION, FORM_FIELDS, .rows = {FIELD(struct keystore_content, generation, FIELD_U64)}},
    {TAG_CLIENT_VERSION, FORM_FIELDS,
     .rows = {FIELD(struct keystore_content, client_version, FIELD_U32)}},
    {TAG_PARAMS, FORM_FIELDS,
     .rows = {FIELD(struct pass_file_params, passes, FIELD_U32),
              FIELD(struct pass_file_params, memory_kib, FIELD_U32)},
     .of_params = true},
    {TAG_PEERS, FORM_SECRET, .at = offsetof(struct keystore_content, peers),
     .size_min = KEYSTORE_CODEC_PEER_BYTES,
     .size_max = KEYSTORE_PEERS_MAX * KEYSTORE_CODEC_PEER_BYTES, .optional = true},
    {TAG_EXTRA, FORM_SECRET, .at = offsetof(struct keystore_content, extra), .size_min = 1,
     .size_max = KEYSTORE_EXTRA_BYTES_MAX, .optional = true},
};

static size_t row_count(const struct entry *entry)
{
    return entry->rows[1].size == 0 ? 1u : 2u;
}

static void put_head(struct cursor_writer *writer, enum tag tag, size_t size)
{
    cursor_write_u16(writer, (uint16_t)tag);
    cursor_write_u32(writer, (uint32_t)size);
}

/* The bytes of an entry that is one piece; false: it is not there. */
static bool view_entry(const struct entry *entry, const void *member, struct span *out_value)
{
    const struct identity_signer *signer = NULL;
    const struct identity_sealer *sealer = NULL;
    const struct secret *secret = NULL;
    switch (entry->form) {
    case FORM_TEXT:
        *out_value = span_of(member, strnlen(member, entry->size_max));
        return true;
    case FORM_SIGNER:
        memcpy(&signer, member, sizeof(void *));
        *out_value = signer == NULL ? span_of(NULL, 0) : identity_signer_seed(signer);
        return signer != NULL;
    case FORM_SEALER:
        memcpy(&sealer, member, sizeof(void *));
        secret = identity_sealer_secret(sealer);
        break;
    case FORM_SECRET:
        memcpy(&secret, member, sizeof(void *));
        break;
    case FORM_FIELDS:
        break;
    }
    *out_value = secret == NULL ? span_of(NULL, 0) : secret_view(secret);
    return secret != NULL;
}

static void put_entry(struct cursor_writer *writer, const struct entry *entry,
                      const struct keystore_content *content, const struct pass_file_params *params)
{
    const void *record = entry->of_params ? (const void *)params : (const void *)content;
    struct span value;
    if (entry->form == FORM_FIELDS) {
        put_head(writer, entry->tag, fields_size(entry->rows, row_count(entry), record));
        fields_write(writer, entry->rows, row_count(entry), record);
    } else if (view_entry(entry, (const uint8_t *)record + entry->at, &value)) {
        put_head(writer, entry->tag, value.size);
        cursor_write_span(writer, value);
    }
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
    size_t capacity =
        round_up(FIXED_BYTES_MAX + optional_size(content->peers) + optional_size(content->extra));
    struct secret *bytes = NULL;
    enum status status = secret_new(capacity, &bytes);
    if (status != STATUS_OK) {
        return status;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, secret_fill(bytes), capacity);
    cursor_write_u16(&writer, VERSION);
    for (size_t i = 0; i < ARRAY_LEN(ENTRIES); i++) {
        put_entry(&writer, &ENTRIES[i], content, params);
    }
    size_t used = 0;
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

static struct span take_value(struct cursor_reader *reader, enum tag tag, size_t size_min,
                              size_t size_max)
{
    uint16_t found = cursor_read_u16(reader);
    uint32_t size = cursor_read_u32(reader);
    if (found != (uint16_t)tag || size < size_min || size > size_max) {
        reader->failed = true;
    }
    return cursor_read_span(reader, reader->failed ? 0 : size);
}

/* |member| is the content's at the entry's offset, and zero. */
static enum status set_entry(const struct entry *entry, struct span value, void *out_member)
{
    switch (entry->form) {
    case FORM_TEXT:
        if (value.size > 0 && memchr(value.data, 0, value.size) != NULL) {
            return STATUS_DAMAGED;
        }
        memcpy(out_member, value.data, value.size);
        return STATUS_OK;
    case FORM_SIGNER:
        return identity_signer_from_seed(entry->role, value, out_member);
    case FORM_SEALER:
        return identity_sealer_from_secret(value, out_member);
    case FORM_SECRET:
        return secret_from_bytes(value, out_member);
    case FORM_FIELDS:
        break;
    }
    return STATUS_DAMAGED;
}

static enum status take_entry(struct cursor_reader *reader, const struct entry *entry,
                              struct keystore_content *content, struct pass_file_params *params)
{
    if (entry->optional && peek_tag(reader) != (uint16_t)entry->tag) {
        return STATUS_OK;
    }
    void *record = entry->of_params ? (void *)params : (void *)content;
    if (entry->form != FORM_FIELDS) {
        bool key = entry->size_max == 0;
        struct span value = take_value(reader, entry->tag, key ? KEY_BYTES : entry->size_min,
                                       key ? KEY_BYTES : entry->size_max);
        return reader->failed ? STATUS_DAMAGED
                              : set_entry(entry, value, (uint8_t *)record + entry->at);
    }
    size_t size = fields_size(entry->rows, row_count(entry), record);
    struct cursor_reader inner;
    cursor_read_init(&inner, take_value(reader, entry->tag, size, size));
    fields_read(&inner, entry->rows, row_count(entry), record);
    return cursor_read_done(&inner) == STATUS_OK ? STATUS_OK : STATUS_DAMAGED;
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
    enum status status = cursor_read_u16(reader) == VERSION ? STATUS_OK : STATUS_DAMAGED;
    for (size_t i = 0; status == STATUS_OK && i < ARRAY_LEN(ENTRIES); i++) {
        status = take_entry(reader, &ENTRIES[i], content, params);
    }
    if (status == STATUS_OK && content->peers != NULL && !peers_sorted(content->peers)) {
        status = STATUS_DAMAGED;
    }
    return status;
}

enum status keystore_codec_decode(struct span bytes, struct keystore_content *out_content,
                                  struct pass_file_params *out_params)
{
    memset(out_content, 0, sizeof *out_content);
    struct cursor_reader reader;
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
