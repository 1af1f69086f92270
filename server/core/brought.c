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

static void read_statement(const struct practice_id *practice, const struct core_peer *peer,
                           struct span bytes, struct brought_statement *out)
{
    const struct statement *statement = &out->statement;

    out->status = statement_parse(bytes, practice, &out->statement);
    out->verified = out->status == STATUS_OK &&
                    ID_EQUAL(&statement->link.device, &peer->device_statement) &&
                    statement->rule->signatures == 1 &&
                    statement_verify(statement, 0, practice, &peer->content_key) == STATUS_OK;
}

struct brought_statement *brought_statements(const struct practice_id *practice,
                                             const struct core_peer *peer,
                                             const Alcove__SubmitAsk *submit, size_t *bytes)
{
    size_t count = submit->n_statement;
    struct brought_statement *list = calloc(count, sizeof *list);
    bool memory = list != NULL;

    CHECK(count <= SUBMIT_STATEMENTS_MAX);
    for (size_t i = 0; i < count && memory; i++) {
        read_statement(practice, peer, field_span(submit->statement[i]), &list[i]);
        memory = list[i].status != STATUS_NO_MEMORY;
        *bytes += sizeof *list + arena_bytes(&list[i].statement.arena);
    }
    if (!memory) {
        brought_statements_free(list, count);
        return NULL;
    }
    return list;
}

void brought_statements_free(struct brought_statement *list, size_t count)
{
    for (size_t i = 0; list != NULL && i < count; i++) {
        statement_free(&list[i].statement);
    }
    free(list);
}
