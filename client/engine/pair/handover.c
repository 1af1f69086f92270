#include "client/engine/pair/handover.h"

#define VERSION    1u
#define PEER_BYTES (ID_BYTES + KEYSTORE_PSK_BYTES)

static void put_checkpoint(struct cursor_writer *text, const struct keystore_checkpoint *checkpoint)
{
    cursor_write_u64(text, checkpoint->size);
    cursor_write_span(text, ID_SPAN(&checkpoint->root));
}

static void put_secret(struct cursor_writer *text, const struct secret *secret)
{
    struct span bytes = secret == NULL ? span_of(NULL, 0) : secret_view(secret);
    cursor_write_u32(text, (uint32_t)bytes.size);
    cursor_write_span(text, bytes);
}

void handover_begin(struct cursor_writer *text, const struct signature *identity,
                    const struct keystore_content *from)
{
    _Static_assert(1u + SIGNATURE_BYTES + 2u * (8u + HASH_BYTES) + 8u +
                           KEYSTORE_PEERS_MAX * PEER_BYTES + KEYSTORE_EXTRA_BYTES_MAX <=
                       HANDOVER_BYTES_MAX,
                   "all secrets that a keystore holds fit");
    cursor_write_u8(text, VERSION);
    cursor_write_span(text, ID_SPAN(identity));
    put_checkpoint(text, &from->statements);
    put_checkpoint(text, &from->events);
    put_secret(text, from->peers);
    put_secret(text, from->extra);
}

bool handover_add_name(struct cursor_writer *text, const struct handover_name *name)
{
    struct cursor_writer before = *text;
    cursor_write_u8(text, (uint8_t)name->kind);
    cursor_write_span(text, ID_SPAN(&name->id));
    cursor_write_u8(text, (uint8_t)name->name.size);
    cursor_write_span(text, name->name);
    size_t size = 0;
    if (name->name.size > HANDOVER_NAME_BYTES_MAX || cursor_write_done(text, &size) != STATUS_OK) {
        *text = before;
        return false;
    }
    return true;
}

static void take_checkpoint(struct cursor_reader *reader, struct keystore_checkpoint *out)
{
    out->size = cursor_read_u64(reader);
    cursor_read_bytes(reader, out->root.bytes, HASH_BYTES);
}

static enum status take_peers(struct keystore_content *content, struct span peers)
{
    if (peers.size % PEER_BYTES != 0 || peers.size > KEYSTORE_PEERS_MAX * PEER_BYTES) {
        return STATUS_MALFORMED;
    }
    for (size_t at = 0; at < peers.size; at += PEER_BYTES) {
        struct member_id member;
        memcpy(member.bytes, peers.data + at, ID_BYTES);
        struct secret *psk = NULL;
        enum status status =
            secret_from_bytes(span_of(peers.data + at + ID_BYTES, KEYSTORE_PSK_BYTES), &psk);
        if (status == STATUS_OK) {
            status = keystore_content_set_psk(content, &member, psk);
        }
        secret_free(psk);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status handover_read(struct span text, struct signature *out_identity,
                          struct keystore_content *content, struct span *out_names)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, text);
    if (cursor_read_u8(&reader) != VERSION) {
        return STATUS_UNSUPPORTED;
    }
    cursor_read_bytes(&reader, out_identity->bytes, SIGNATURE_BYTES);
    take_checkpoint(&reader, &content->statements);
    take_checkpoint(&reader, &content->events);
    struct span peers = cursor_read_span(&reader, cursor_read_u32(&reader));
    struct span extra = cursor_read_span(&reader, cursor_read_u32(&reader));
    *out_names = cursor_read_rest(&reader);
    enum status status = cursor_read_done(&reader);
    if (status == STATUS_OK) {
        status = take_peers(content, peers);
    }
    if (status == STATUS_OK && extra.size > 0) {
        status = extra.size <= KEYSTORE_EXTRA_BYTES_MAX ? keystore_content_set_extra(content, extra)
                                                        : STATUS_MALFORMED;
    }
    return status == STATUS_OK ? handover_names(*out_names, NULL, NULL) : status;
}

enum status handover_names(struct span names, handover_visit_name *visit, void *visitor)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, names);
    while (reader.left > 0 && !reader.failed) {
        uint8_t kind = cursor_read_u8(&reader);
        struct handover_name name = {0};
        cursor_read_bytes(&reader, name.id.bytes, HASH_BYTES);
        size_t size = cursor_read_u8(&reader);
        name.name = cursor_read_span(&reader, size);
        if (reader.failed || kind < HANDOVER_NAME_MEMBER || kind > HANDOVER_NAME_DEVICE ||
            size > HANDOVER_NAME_BYTES_MAX) {
            return STATUS_MALFORMED;
        }
        name.kind = (enum handover_name_kind)kind;
        if (visit != NULL && !visit(visitor, &name)) {
            return STATUS_OK;
        }
    }
    return cursor_read_done(&reader);
}
