#include "keys/public/revision.h"

#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "proto/policy.h"

static bool is_zero(const struct hash *hash)
{
    static const struct hash zero;
    return ID_EQUAL(hash, &zero);
}

static bool parse_list(size_t count, const ProtobufCBinaryData *fields, struct hash *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!field_hash(fields[i], &out[i])) {
            return false;
        }
    }
    return true;
}

/* Where it belongs and what it follows. */
static bool parse_place(const Alcove__Context *in, struct revision_context *out)
{
    if (!policy_class_valid(in->class_) || in->kind < REVISION_DRAFT ||
        in->kind > REVISION_TOMBSTONE || in->revision == 0 || in->epoch == 0) {
        return false;
    }
    out->class = in->class_;
    out->kind = in->kind;
    out->revision = in->revision;
    out->epoch = in->epoch;
    out->has_chart = in->class_ != CLASS_DIRECTORY;
    if (out->has_chart ? !field_chart(in->chart, &out->chart) : in->chart.len != 0) {
        return false;
    }
    out->parent_count = in->n_parent;
    out->attachment_count = in->n_attachment;
    return field_section(in->section, &out->section) && field_note(in->note, &out->note) &&
           field_hash(in->epoch_statement, &out->epoch_statement) &&
           (in->revision == 1) == (in->n_parent == 0) &&
           parse_list(in->n_parent, in->parent, out->parent) &&
           parse_list(in->n_attachment, in->attachment, out->attachment);
}

/* Who wrote it, and what the author had seen. */
static bool parse_author(const Alcove__Context *in, struct revision_context *out)
{
    out->device_number = in->device_number;
    out->section_number = in->section_number;
    out->chart_number = in->chart_number;
    if (!field_member(in->member, &out->member) || !field_hash(in->device, &out->device) ||
        !field_optional(in->device_link, out->device_link.bytes, HASH_BYTES) ||
        !field_hash(in->section_head, &out->section_head) ||
        !field_optional(in->chart_leaf, out->chart_leaf.bytes, HASH_BYTES) ||
        !field_optional(in->voids, out->voids.bytes, HASH_BYTES)) {
        return false;
    }
    out->has_voids = !is_zero(&out->voids);
    return in->device_number > 0 && in->section_number > 0 &&
           (in->device_number == 1) == is_zero(&out->device_link) &&
           (in->chart_number == 0) == is_zero(&out->chart_leaf) &&
           statement_seen_parse(in->seen, &out->seen, &out->has_seen);
}

enum status revision_context_parse(struct span bytes, struct revision_context *out)
{
    *out = (struct revision_context){0};
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__context__descriptor, bytes, &arena, &message);
    if (status == STATUS_OK) {
        const Alcove__Context *context = (const Alcove__Context *)message;
        bool fine = parse_place(context, out) && parse_author(context, out);
        status = fine ? STATUS_OK : STATUS_MALFORMED;
    }
    arena_free(&arena);
    hash_bytes(bytes, &out->hash);
    return status;
}

enum status revision_header_parse(struct span bytes, struct revision_header *out)
{
    *out = (struct revision_header){0};
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__header__descriptor, bytes, &arena, &message);
    if (status == STATUS_OK) {
        const Alcove__Header *header = (const Alcove__Header *)message;
        out->envelope_size = header->envelope_size;
        bool fine = header->envelope_size > 0 && header->envelope_size <= ENVELOPE_BYTES_MAX &&
                    field_hash(header->context_hash, &out->context_hash) &&
                    field_hash(header->envelope_hash, &out->envelope_hash);
        status = fine ? STATUS_OK : STATUS_MALFORMED;
    }
    arena_free(&arena);
    return status;
}

void revision_link(struct span header, const struct signature *signature,
                   const struct practice_id *practice, struct hash *out_link)
{
    const struct span parts[] = {header, ID_SPAN(signature)};
    frame_hash(LABEL_LINK, practice, parts, ARRAY_LEN(parts), out_link);
}

enum status revision_verify(struct span header, const struct signature *signature,
                            const struct practice_id *practice,
                            const struct public_key *content_key)
{
    return verify_frame(LABEL_REVISION, practice, &header, 1, content_key, signature);
}
