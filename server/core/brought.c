#include "server/core/brought.h"

#include "keys/public/hash.h"
#include "proto/message.h"

enum status brought_read(const struct practice_id *practice, const struct core_peer *peer,
                         const Alcove__Revision *wire, struct brought *out)
{
    struct signature signature;
    struct hash envelope;
    enum status status = revision_context_parse(field_span(wire->context), &out->context);

    if (status == STATUS_OK) {
        status = revision_header_parse(field_span(wire->header), &out->header);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_MALFORMED;
    }
    if (!field_signature(wire->signature, &signature) || wire->wrap.len != WRAP_BYTES ||
        wire->envelope.len > ENVELOPE_BYTES_MAX ||
        wire->envelope.len != out->header.envelope_size) {
        return STATUS_MALFORMED;
    }
    hash_bytes(field_span(wire->envelope), &envelope);
    if (!ID_EQUAL(&envelope, &out->header.envelope_hash) ||
        !ID_EQUAL(&out->context.hash, &out->header.context_hash) ||
        !ID_EQUAL(&out->context.member, &peer->member) ||
        !ID_EQUAL(&out->context.device, &peer->device_statement)) {
        return STATUS_MALFORMED;
    }
    revision_link(field_span(wire->header), &signature, practice, &out->link);
    return STATUS_OK;
}
