#include "client/engine/common/statement_make.h"

#include "keys/public/frame.h"
#include "keys/public/statement.h"

void make_link(const struct make_place *place, Alcove__Link *out_link)
{
    alcove__link__init(out_link);
    out_link->label = field_of(place->label->bytes, HASH_BYTES);
    out_link->number = place->number;
    if (place->number > 0) {
        out_link->previous = field_of(place->previous->bytes, HASH_BYTES);
    }
    if (place->member != NULL) {
        out_link->member = field_of(place->member->bytes, ID_BYTES);
    }
    if (place->device != NULL) {
        out_link->device = field_of(place->device->bytes, HASH_BYTES);
    }
    out_link->seen = place->seen;
}

void make_free(struct made *made)
{
    free(made->data);
    *made = (struct made){0};
}

enum status make_signed(const struct practice_id *practice, enum statement_type type,
                        struct span body, const struct signature *signatures, size_t count,
                        struct made *out_made)
{
    CHECK(count <= STATEMENT_SIGNATURES_MAX);
    ProtobufCBinaryData fields[STATEMENT_SIGNATURES_MAX];
    for (size_t i = 0; i < count; i++) {
        fields[i] = field_of(signatures[i].bytes, SIGNATURE_BYTES);
    }
    Alcove__Statement statement;
    alcove__statement__init(&statement);
    statement.suite = FRAME_SUITE_CLASSICAL;
    statement.type = type;
    statement.body = field_of(body.data, body.size);
    statement.n_signature = count;
    statement.signature = fields;
    *out_made = (struct made){0};
    enum status status = message_pack(&statement.base, &out_made->data, &out_made->size);
    if (status == STATUS_OK && out_made->size > STATEMENT_BYTES_MAX) {
        make_free(out_made);
        return STATUS_TOO_LARGE;
    }
    if (status == STATUS_OK) {
        statement_hash(span_of(out_made->data, out_made->size), practice, &out_made->hash);
    }
    return status;
}

enum status make_statement(const struct practice_id *practice, enum statement_type type,
                           const ProtobufCMessage *body,
                           const struct identity_signer *const *signers, size_t count,
                           struct made *out_made)
{
    const struct statement_rule *rule = statement_rule(type);
    CHECK(rule != NULL && count == rule->signatures && count <= STATEMENT_SIGNATURES_MAX);
    uint8_t *packed = NULL;
    size_t size = 0;
    enum status status = message_pack(body, &packed, &size);
    struct span bytes = span_of(packed, size);
    struct signature signatures[STATEMENT_SIGNATURES_MAX];
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = identity_sign(signers[i], rule->label, practice, &bytes, 1, &signatures[i]);
    }
    if (status == STATUS_OK) {
        status = make_signed(practice, type, bytes, signatures, count, out_made);
    }
    free(packed);
    return status;
}
