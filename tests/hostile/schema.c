#include "tests/hostile/schema.h"

#include "proto/shape.h"

#include <string.h>

struct bytes_field {
    const ProtobufCMessageDescriptor *message;
    const char *field;
    const ProtobufCMessageDescriptor *inside;
};
static const struct bytes_field bytes_fields[] = {
    {&alcove__chain_entry__descriptor, "statement", &alcove__statement__descriptor},
    {&alcove__bundle__descriptor, "statement", &alcove__statement__descriptor},
    {&alcove__enrol_ask__descriptor, "statement", &alcove__statement__descriptor},
    {&alcove__submit_ask__descriptor, "statement", &alcove__statement__descriptor},
    {&alcove__page_entry__descriptor, "context", &alcove__context__descriptor},
    {&alcove__page_entry__descriptor, "header", &alcove__header__descriptor},
    {&alcove__revision__descriptor, "context", &alcove__context__descriptor},
    {&alcove__revision__descriptor, "header", &alcove__header__descriptor},
    {&alcove__event_leaf__descriptor, "open", &alcove__event_open__descriptor},
    {&alcove__event_leaf__descriptor, "target", &alcove__event_target__descriptor},
    {&alcove__event_leaf__descriptor, "restricted", &alcove__event_restricted__descriptor},
    {&alcove__bundle_reply__descriptor, "bundle", &alcove__bundle__descriptor},
    {&alcove__opened_ask__descriptor, "opened", &alcove__opened__descriptor},
};

struct statement_body {
    uint32_t type;
    const ProtobufCMessageDescriptor *body;
};
static const struct statement_body statement_bodies[] = {
    {ALCOVE__STATEMENT_TYPE__STATEMENT_GENESIS, &alcove__genesis__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_SERVER_KEYS, &alcove__server_keys__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_WITNESS_POLICY, &alcove__witness_policy__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_INVITATION, &alcove__invitation__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_ENROLMENT, &alcove__enrolment__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_DEVICE, &alcove__device__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_DEVICE_REVOCATION, &alcove__device_revocation__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_DELEGATION, &alcove__delegation__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_RELATION, &alcove__relation__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_RELATION_END, &alcove__relation_end__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_SUSPENSION, &alcove__suspension__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_RESUMPTION, &alcove__resumption__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_SECTION, &alcove__section__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_GRANT, &alcove__grant__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_REVOCATION, &alcove__revocation__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_EPOCH, &alcove__epoch__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_RESEAL, &alcove__reseal__descriptor},
    {ALCOVE__STATEMENT_TYPE__STATEMENT_BAD_SEAL, &alcove__bad_seal__descriptor},
};

const ProtobufCMessageDescriptor *schema_inside(const ProtobufCMessageDescriptor *message,
                                                uint32_t field, uint32_t statement_type)
{
    const ProtobufCFieldDescriptor *known = protobuf_c_message_descriptor_get_field(message, field);
    if (known == NULL) {
        return NULL;
    }
    if (known->type == PROTOBUF_C_TYPE_MESSAGE) {
        return known->descriptor;
    }
    if (message == &alcove__statement__descriptor && strcmp(known->name, "body") == 0) {
        for (size_t i = 0; i < ARRAY_LEN(statement_bodies); i++) {
            if (statement_bodies[i].type == statement_type) {
                return statement_bodies[i].body;
            }
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bytes_fields); i++) {
        if (bytes_fields[i].message == message && strcmp(bytes_fields[i].field, known->name) == 0) {
            return bytes_fields[i].inside;
        }
    }
    return NULL;
}

const ProtobufCMessageDescriptor *schema_server_body(uint32_t kind, uint32_t op)
{
    switch (kind) {
    case ALCOVE__FRAME_KIND__FRAME_HELLO:
        return &alcove__hello__descriptor;
    case ALCOVE__FRAME_KIND__FRAME_LOGIN_REPLY:
        return &alcove__login_reply__descriptor;
    case ALCOVE__FRAME_KIND__FRAME_REPLY:
        return shape_reply(op);
    case ALCOVE__FRAME_KIND__FRAME_CHUNK:
        return &alcove__page_chunk__descriptor;
    case ALCOVE__FRAME_KIND__FRAME_PUSH:
        return &alcove__push__descriptor;
    default:
        return NULL;
    }
}

const ProtobufCMessageDescriptor *schema_client_body(uint32_t kind, uint32_t op)
{
    if (kind == ALCOVE__FRAME_KIND__FRAME_LOGIN) {
        return &alcove__login__descriptor;
    }
    return kind == ALCOVE__FRAME_KIND__FRAME_REQUEST ? shape_ask(op) : NULL;
}
