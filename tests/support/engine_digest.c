#include "tests/support/engine_digest.h"

#include "client/engine/exchange/inside.h"
#include "tests/support/authority_digest.h"

/* Field by field: padding and pointers must not count. */
struct bytes {
    uint8_t *data;
    size_t size, capacity;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = (bytes->size + size) * 2;
        bytes->data = realloc(bytes->data, bytes->capacity);
        CHECK(bytes->data != NULL);
    }
    if (size > 0) {
        memcpy(bytes->data + bytes->size, data, size);
        bytes->size += size;
    }
}

static void add_u64(struct bytes *bytes, uint64_t value)
{
    add(bytes, &value, sizeof value);
}

static void add_span(struct bytes *bytes, struct span span)
{
    add_u64(bytes, span.size);
    add(bytes, span.data, span.size);
}

#define ADD(out, id) add(out, (id).bytes, sizeof((id).bytes))

static void end(struct bytes *bytes, struct hash *out_hash)
{
    hash_bytes(span_of(bytes->data, bytes->size), out_hash);
    free(bytes->data);
    *bytes = (struct bytes){0};
}

static void add_logs(struct bytes *bytes, const struct log *log)
{
    add_u64(bytes, log->statements.size);
    ADD(bytes, log->statements.root);
    add_u64(bytes, log->events.size);
    ADD(bytes, log->events.root);
    add_u64(bytes, log->folded_seq);
}

static void add_leaves(struct bytes *bytes, const struct leaves *leaves)
{
    add_u64(bytes, leaves->count);
    add(bytes, leaves->bytes, (size_t)leaves->count * LEAF_BYTES);
    add_u64(bytes, leaves->label_used);
    struct hash root;
    merkle_frontier_root(&leaves->accepted, &root);
    ADD(bytes, root);
}

static void add_facts(struct bytes *bytes, const struct log *log)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        const struct fact *fact = &log->facts[i];
        add_u64(bytes, fact->seq);
        add_u64(bytes, fact->time_ms);
        ADD(bytes, fact->opening);
        ADD(bytes, fact->label);
        add_u64(bytes, fact->number);
        add_u64(bytes, fact->type);
        add_span(bytes, span_of(fact->bytes, fact->size));
        add_u64(bytes, fact->folded);
        add_u64(bytes, fact->stored);
    }
}

static void add_chains(struct bytes *bytes, const struct log *log)
{
    for (size_t i = 0; i < log->chain_count; i++) {
        ADD(bytes, log->chains[i].label);
        add_u64(bytes, log->chains[i].subject);
        add(bytes, log->chains[i].id, sizeof log->chains[i].id);
        add_u64(bytes, log->chains[i].count);
    }
}

static void add_carried(struct bytes *bytes, const struct carried_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct carried *carried = &list->items[i];
        ADD(bytes, carried->device);
        add_u64(bytes, carried->seen.statements_size);
        ADD(bytes, carried->seen.statements_root);
        add_u64(bytes, carried->seen.events_size);
        ADD(bytes, carried->seen.events_root);
        add_u64(bytes, carried->waited);
    }
}

static void add_names(struct bytes *bytes, const struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        ADD(bytes, names->items[i].member);
        add_u64(bytes, names->items[i].from);
        add(bytes, names->items[i].text, sizeof names->items[i].text);
    }
    add(bytes, names->practice, sizeof names->practice);
}

static void add_index(struct bytes *bytes, const struct index *index)
{
    for (size_t i = 0; i < index->count; i++) {
        const struct indexed *item = &index->items[i];
        add_u64(bytes, item->number);
        ADD(bytes, item->note);
        ADD(bytes, item->link);
        add_u64(bytes, item->revision);
        add_u64(bytes, item->kind);
        add_u64(bytes, item->head);
        add_u64(bytes, item->state);
    }
}

static void add_section(struct bytes *bytes, const struct section *section)
{
    ADD(bytes, section->id);
    ADD(bytes, section->label);
    add_u64(bytes, section->local);
    add_u64(bytes, section->listed);
    add_u64(bytes, section->known);
    add_u64(bytes, section->ended_at);
    add_u64(bytes, section->denied);
    add_u64(bytes, section->started);
    uint8_t *timeline = NULL;
    size_t size = 0;
    CHECK(timeline_encode(&section->timeline, &timeline, &size) == STATUS_OK);
    add_span(bytes, span_of(timeline, size));
    free(timeline);
    add(bytes, section->verified_device, section->verified_count * HASH_BYTES);
    add_u64(bytes, section->refused_number);
    ADD(bytes, section->refused_link);
    for (size_t i = 0; i < section->key_count; i++) {
        add_u64(bytes, section->keys[i].epoch);
        ADD(bytes, section->keys[i].statement);
    }
    add_u64(bytes, section->epochs_tried);
    add_u64(bytes, section->reseals_tried);
    add_u64(bytes, section->start_epoch);
    add_u64(bytes, section->missing_number);
    add_u64(bytes, section->gaps);
    add_u64(bytes, section->told);
    add_u64(bytes, section->again.times);
    add_u64(bytes, section->again.until_ms);
    add_index(bytes, &section->index);
}

static void add_sections(struct bytes *bytes, struct sections *sections)
{
    for (size_t i = 0; i < sections->count; i++) {
        CHECK(section_index(sections, &sections->items[i]) == STATUS_OK);
        add_section(bytes, &sections->items[i]);
    }
    add_u64(bytes, sections->synced_once);
    add_u64(bytes, sections->bytes_expected);
    add_u64(bytes, sections->revisions_verified);
    add_u64(bytes, sections->signatures_checked);
}

static void add_charts(struct bytes *bytes, const struct sections *sections)
{
    for (size_t i = 0; i < sections->chart_count; i++) {
        ADD(bytes, sections->charts[i].chart);
        add_u64(bytes, sections->charts[i].number);
        ADD(bytes, sections->charts[i].leaf);
    }
}

static void add_outbox(struct bytes *bytes, const struct outbox *outbox)
{
    for (const struct wish *wish = outbox->first; wish != NULL; wish = wish->next) {
        add_u64(bytes, wish->ticket);
        /* What was sent waits again once the connection is gone. */
        add_u64(bytes, wish->state == ENGINE_WISH_SENT ? ENGINE_WISH_WAITING : wish->state);
        add_u64(bytes, wish->status);
        add_u64(bytes, wish->tries);
        add_u64(bytes, wish->parent_ticket);
        add_span(bytes, span_of(wish->body.data, wish->body.size));
        add_span(bytes, span_of(wish->built.data, wish->built.size));
    }
    for (size_t i = 0; i < WISH_OUTCOMES_MAX; i++) {
        add_u64(bytes, outbox->outcome_tickets[i]);
        add_u64(bytes, outbox->outcomes[i].wish);
        add_u64(bytes, outbox->outcomes[i].event);
    }
}

static void add_wants(struct bytes *bytes, const struct common *common)
{
    add_u64(bytes, common->wants.checkpoint);
    add_u64(bytes, common->wants.state);
    add_u64(bytes, common->wants.fold);
    add_u64(bytes, common->wants.subscribe);
    add_u64(bytes, common->wants.later.until_ms);
    add_u64(bytes, common->clock.newest_leaf_ms);
    add_u64(bytes, common->clock.newest_leaf_at_ms);
    add_u64(bytes, common->clock.confirmed_ms);
    add_u64(bytes, common->next_ticket);
}

static void add_secret(struct bytes *bytes, const struct secret *secret)
{
    add_span(bytes, secret == NULL ? span_of(NULL, 0) : secret_view(secret));
}

static void add_keystore(struct bytes *bytes, const struct keystore_content *content)
{
    add(bytes, &content->pins, sizeof content->pins);
    add_u64(bytes, content->statements.size);
    ADD(bytes, content->statements.root);
    add_u64(bytes, content->events.size);
    ADD(bytes, content->events.root);
    add_secret(bytes, content->peers);
    add_secret(bytes, content->extra);
}

static bool add_record(void *visitor, struct span key, struct span value)
{
    add_span(visitor, key);
    add_span(visitor, value);
    return true;
}

static void add_storage(struct bytes *bytes, const struct storage *storage)
{
    for (unsigned table = 1; table < STORAGE_TABLE_COUNT; table++) {
        add_u64(bytes, table);
        CHECK(storage->scan(storage->context, (enum storage_table)table, span_of(NULL, 0),
                            add_record, bytes) == STATUS_OK);
    }
}

void engine_digest(struct engine *engine, struct engine_digest *out_digest)
{
    struct bytes bytes[ENGINE_PARTS] = {{0}};
    add_logs(&bytes[ENGINE_PART_LOGS], &engine->log);
    add_leaves(&bytes[ENGINE_PART_LEAVES], &engine->log.leaves);
    add_facts(&bytes[ENGINE_PART_FACTS], &engine->log);
    add_chains(&bytes[ENGINE_PART_CHAINS], &engine->log);
    if (engine->log.authority != NULL) {
        struct hash authority;
        authority_digest(engine->log.authority, &authority);
        ADD(&bytes[ENGINE_PART_AUTHORITY], authority);
    }
    add_carried(&bytes[ENGINE_PART_CARRIED], &engine->log.carried);
    add_names(&bytes[ENGINE_PART_NAMES], &engine->names);
    add_sections(&bytes[ENGINE_PART_SECTIONS], &engine->sections);
    add_charts(&bytes[ENGINE_PART_CHARTS], &engine->sections);
    add_outbox(&bytes[ENGINE_PART_OUTBOX], &engine->outbox);
    add_wants(&bytes[ENGINE_PART_WANTS], &engine->common);
    add_keystore(&bytes[ENGINE_PART_KEYSTORE], engine->common.content);
    add_storage(&bytes[ENGINE_PART_STORAGE], &engine->common.storage);
    for (size_t i = 0; i < ENGINE_PARTS; i++) {
        end(&bytes[i], &out_digest->part[i]);
    }
}

const char *engine_digest_differs(const struct engine_digest *a, const struct engine_digest *b)
{
    static const char *const names[ENGINE_PARTS] = {
        "logs",     "leaves", "facts",  "chains", "authority", "carried", "names",
        "sections", "charts", "outbox", "wants",  "keystore",  "storage",
    };
    for (size_t i = 0; i < ENGINE_PARTS; i++) {
        if (!ID_EQUAL(&a->part[i], &b->part[i])) {
            return names[i];
        }
    }
    return NULL;
}
