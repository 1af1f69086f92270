#include "client/engine/submit/build.h"

#include "client/engine/log/advance.h"
#include "client/engine/section/seal_text.h"
#include "keys/public/hash.h"

/* A revision: context, then everything that depends on it (decision 1). */

struct revising {
    struct sources *from;
    struct wish *wish;
    const struct section *section;
    const struct authority_section *facts;
    struct plan plan;
    uint64_t epoch;
    struct hash epoch_statement;
    const struct secret *key;
    /* what was made */
    uint8_t *context;
    size_t context_size;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_size;
    struct signature signature;
    uint8_t wrap[TEXT_WRAP_BYTES];
    uint8_t *envelope;
    size_t envelope_size;
};

/* A device that got the epoch's key by a reseal, and is revoked since, still holds it: the
 * epoch's own list does not name it, so the section does not count as closed. */
static bool resealed_is_out(const struct revising *revising, const struct authority_epoch *epoch)
{
    const struct authority *authority = revising->from->log->authority;
    struct authority_when when = advance_when(revising->from->log);
    for (size_t i = 0; i < revising->facts->reseal_count; i++) {
        const struct authority_reseal *reseal = &revising->facts->reseals[i];
        for (size_t k = 0; k < reseal->count; k++) {
            if (reseal->epochs[k] != epoch->epoch ||
                reseal->recipients[k].kind != RECIPIENT_DEVICE) {
                continue;
            }
            const struct authority_device *device =
                authority_device(authority, &reseal->recipients[k].hash);
            if (device == NULL || !authority_device_live(device, when)) {
                return true;
            }
        }
    }
    return false;
}

/* The epoch to write under: a new one when the section is closed or its key is old. */
static enum status choose_epoch(struct revising *revising, bool *out_ready)
{
    struct sources *from = revising->from;
    struct authority_when when = advance_when(from->log);
    const struct authority_epoch *epoch = authority_epoch(revising->facts, when);
    bool old = epoch != NULL && when.time_ms > epoch->time_ms &&
               when.time_ms - epoch->time_ms > EPOCH_AGE_MAX_MS;
    if (epoch == NULL || old || authority_closed(from->log->authority, revising->facts, when) ||
        resealed_is_out(revising, epoch)) {
        enum status status = plan_epoch(&revising->plan);
        revising->epoch = revising->plan.epoch;
        revising->epoch_statement = revising->plan.epoch_statement;
        revising->key = revising->plan.epoch_key;
        *out_ready = true;
        return status;
    }
    revising->epoch = epoch->epoch;
    revising->epoch_statement = epoch->statement;
    revising->key = section_key(revising->section, &epoch->statement);
    *out_ready = revising->key != NULL;
    return STATUS_OK;
}

static uint64_t revision_number(const struct revising *revising)
{
    const struct wish *wish = revising->wish;
    uint64_t highest = wish->parent_revision;
    const struct index *index = &revising->section->index;
    for (size_t i = 0; i < index->count; i++) {
        for (size_t p = 0; p < wish->parent_count; p++) {
            if (ID_EQUAL(&index->items[i].link, &wish->parents[p]) &&
                index->items[i].revision > highest) {
                highest = index->items[i].revision;
            }
        }
    }
    return highest + 1;
}

static enum status make_context(struct revising *revising)
{
    const struct sources *from = revising->from;
    struct wish *wish = revising->wish;
    const struct section *section = revising->section;
    Alcove__Context context;
    alcove__context__init(&context);
    context.section = field_of(section->id.bytes, ID_BYTES);
    context.class_ = revising->facts->class;
    if (revising->facts->has_chart) {
        context.chart = field_of(revising->facts->chart.bytes, ID_BYTES);
    }
    context.note = field_of(wish->note.bytes, ID_BYTES);
    context.revision = revision_number(revising);
    ProtobufCBinaryData parents[WISH_PARENTS_MAX];
    for (size_t i = 0; i < wish->parent_count; i++) {
        parents[i] = field_of(wish->parents[i].bytes, HASH_BYTES);
    }
    context.n_parent = wish->parent_count;
    context.parent = parents;
    context.epoch = revising->epoch;
    context.epoch_statement = field_of(revising->epoch_statement.bytes, HASH_BYTES);
    context.kind = wish->revision_kind;
    context.member = field_of(from->common->content->member.bytes, ID_BYTES);
    context.device = field_of(from->common->content->device_statement.bytes, HASH_BYTES);
    uint64_t number = 0;
    struct hash link;
    timeline_device_position(&section->timeline, &from->common->content->device_statement, &number,
                             &link);
    context.device_number = number + 1;
    if (number > 0) {
        context.device_link = field_of(link.bytes, HASH_BYTES);
    }
    /* What was seen when it was written, not now: so the server knows a sibling. */
    bool then = wish->seen_number > 0;
    context.section_number = then ? wish->seen_number : section->timeline.number;
    context.section_head =
        field_of(then ? wish->seen_head.bytes : section->timeline.head.bytes, HASH_BYTES);
    const struct chart_seen *chart =
        revising->facts->has_chart ? section_chart_seen(from->sections, &revising->facts->chart)
                                   : NULL;
    if (chart != NULL) {
        context.chart_number = chart->number;
        context.chart_leaf = field_of(chart->leaf.bytes, HASH_BYTES);
    }
    Alcove__Seen seen;
    advance_seen(from->log, &seen);
    context.seen = &seen;
    if (section->refused_number == number + 1) {
        context.voids = field_of(section->refused_link.bytes, HASH_BYTES);
    }
    wish->built_revision = context.revision;
    wish->built_device_number = context.device_number;
    enum status status = message_pack(&context.base, &revising->context, &revising->context_size);
    return status == STATUS_OK && revising->context_size > CONTEXT_BYTES_MAX ? STATUS_TOO_LARGE
                                                                             : status;
}

static enum status seal_text(struct revising *revising)
{
    struct span text = span_of(revising->wish->body.data, revising->wish->body.size);
    revising->envelope_size = text_envelope_size(text.size);
    revising->envelope = malloc(revising->envelope_size);
    if (revising->envelope == NULL) {
        return STATUS_NO_MEMORY;
    }
    return text_seal(&revising->from->common->practice, revising->key,
                     span_of(revising->context, revising->context_size), text, revising->wrap,
                     revising->envelope);
}

static enum status sign(struct revising *revising)
{
    struct hash context_hash;
    hash_bytes(span_of(revising->context, revising->context_size), &context_hash);
    struct hash envelope_hash;
    hash_bytes(span_of(revising->envelope, revising->envelope_size), &envelope_hash);
    Alcove__Header header;
    alcove__header__init(&header);
    header.context_hash = field_of(context_hash.bytes, HASH_BYTES);
    header.envelope_size = revising->envelope_size;
    header.envelope_hash = field_of(envelope_hash.bytes, HASH_BYTES);
    enum status status = message_pack_into(&header.base, revising->header, sizeof revising->header,
                                           &revising->header_size);
    if (status != STATUS_OK) {
        return status;
    }
    struct span bytes = span_of(revising->header, revising->header_size);
    status = identity_sign(revising->from->common->content->content_key, LABEL_REVISION,
                           &revising->from->common->practice, &bytes, 1, &revising->signature);
    if (status == STATUS_OK) {
        revision_link(bytes, &revising->signature, &revising->from->common->practice,
                      &revising->wish->built_object);
    }
    return status;
}

static enum status pack(struct revising *revising)
{
    Alcove__Revision revision;
    alcove__revision__init(&revision);
    revision.context = field_of(revising->context, revising->context_size);
    revision.header = field_of(revising->header, revising->header_size);
    revision.signature = field_of(revising->signature.bytes, SIGNATURE_BYTES);
    revision.wrap = field_of(revising->wrap, sizeof revising->wrap);
    revision.envelope = field_of(revising->envelope, revising->envelope_size);
    return plan_pack(&revising->plan, &revision, span_of(NULL, 0), revising->wish);
}

enum status build_note(struct sources *from, struct wish *wish, bool *out_ready)
{
    if (wish->parent_ticket != 0) {
        /* What it follows is still on its way, or will never be there. */
        const struct wish *before = wish_find(from->outbox, wish->parent_ticket);
        bool never = before == NULL || before->state == ENGINE_WISH_FAILED;
        return !never ? STATUS_OK : before == NULL ? STATUS_CONFLICT : before->status;
    }
    struct revising revising = {.from = from,
                                .wish = wish,
                                .section = section_find(from->sections, &wish->section),
                                .facts = authority_section(from->log->authority, &wish->section)};
    if (revising.section == NULL || revising.facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status = plan_section(from, &wish->section, &revising.plan);
    if (status == STATUS_OK && wish->parent_count > 0) {
        status = section_index(from->sections, revising.plan.section);
    }
    if (status == STATUS_OK) {
        status = choose_epoch(&revising, out_ready);
    }
    if (status == STATUS_OK && *out_ready) {
        status = make_context(&revising);
        if (status == STATUS_OK) {
            status = seal_text(&revising);
        }
        if (status == STATUS_OK) {
            status = sign(&revising);
        }
        if (status == STATUS_OK) {
            status = pack(&revising);
        }
    }
    free(revising.context);
    free(revising.envelope);
    plan_drop(&revising.plan);
    return status;
}

enum status build_opened(struct sources *from, struct wish *wish)
{
    Alcove__Opened opened;
    alcove__opened__init(&opened);
    opened.section = field_of(wish->section.bytes, ID_BYTES);
    if (wish->history_from == 0) {
        opened.note = field_of(wish->note.bytes, ID_BYTES);
        opened.link = field_of(wish->object.bytes, HASH_BYTES);
    }
    opened.exported_to = wish->history_from;
    opened.member = field_of(from->common->content->member.bytes, ID_BYTES);
    opened.device = field_of(from->common->content->device_statement.bytes, HASH_BYTES);
    opened.opened_ms = wish->until_ms;
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = message_pack(&opened.base, &bytes, &size);
    struct span body = span_of(bytes, size);
    struct signature signature;
    if (status == STATUS_OK) {
        status = identity_sign(from->common->content->content_key, LABEL_OPENED,
                               &from->common->practice, &body, 1, &signature);
    }
    if (status == STATUS_OK) {
        Alcove__OpenedAsk ask;
        alcove__opened_ask__init(&ask);
        ask.opened = field_of(bytes, size);
        ask.signature = field_of(signature.bytes, SIGNATURE_BYTES);
        status = wish_pack(&wish->built, &ask.base);
    }
    wish->built_object = wish->object;
    free(bytes);
    return status;
}
