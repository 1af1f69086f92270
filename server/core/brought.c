#include "server/core/brought.h"

#include "keys/public/hash.h"
#include "proto/message.h"

static enum status read_revision(const struct practice_id *practice, const struct core_peer *peer,
                                 const Alcove__Revision *wire, struct brought_revision *out)
{
    enum status status = revision_context_parse(field_span(wire->context), &out->context);
    if (status == STATUS_OK) {
        status = revision_header_parse(field_span(wire->header), &out->header);
    }
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_MALFORMED;
    }
    struct signature signature;
    if (!field_signature(wire->signature, &signature) || wire->wrap.len != WRAP_BYTES ||
        wire->envelope.len > ENVELOPE_BYTES_MAX ||
        wire->envelope.len != out->header.envelope_size) {
        return STATUS_MALFORMED;
    }
    struct hash envelope;
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

static enum status read_statement(const struct practice_id *practice, const struct core_peer *peer,
                                  struct span bytes, struct brought_statement *out)
{
    const struct statement *statement = &out->statement;
    enum status status = statement_parse(bytes, practice, &out->statement);
    out->verified = status == STATUS_OK &&
                    ID_EQUAL(&statement->link.device, &peer->device_statement) &&
                    statement->rule->signatures == 1 &&
                    statement_verify(statement, 0, practice, &peer->content_key) == STATUS_OK;
    return status;
}

/* False: no memory. */
static bool read_all(const struct practice_id *practice, const struct core_peer *peer,
                     const Alcove__SubmitAsk *submit, struct brought *brought)
{
    for (size_t i = 0; i < submit->n_statement; i++) {
        struct brought_statement *one = &brought->statements[i];
        one->status = read_statement(practice, peer, field_span(submit->statement[i]), one);
        brought->bytes += sizeof *one + arena_bytes(&one->statement.arena);
        if (one->status == STATUS_NO_MEMORY) {
            return false;
        }
    }
    for (size_t i = 0; i < submit->n_revision; i++) {
        struct brought_revision *one = &brought->revisions[i];
        one->status = read_revision(practice, peer, submit->revision[i], one);
        brought->bytes += sizeof *one;
        if (one->status == STATUS_NO_MEMORY) {
            return false;
        }
    }
    return true;
}

struct brought *brought_read(const struct practice_id *practice, const struct core_peer *peer,
                             const Alcove__SubmitAsk *submit)
{
    struct brought *brought = calloc(1, sizeof *brought);
    if (brought != NULL) {
        brought->statement_count = submit->n_statement;
        brought->statements = calloc(submit->n_statement + 1, sizeof *brought->statements);
        brought->revisions = calloc(submit->n_revision + 1, sizeof *brought->revisions);
    }
    if (brought == NULL || brought->statements == NULL || brought->revisions == NULL ||
        !read_all(practice, peer, submit, brought)) {
        brought_free(brought);
        return NULL;
    }
    return brought;
}

void brought_free(struct brought *brought)
{
    if (brought == NULL) {
        return;
    }
    for (size_t i = 0; brought->statements != NULL && i < brought->statement_count; i++) {
        statement_free(&brought->statements[i].statement);
    }
    free(brought->statements);
    free(brought->revisions);
    free(brought);
}
