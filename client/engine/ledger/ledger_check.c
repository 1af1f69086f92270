#include "client/engine/ledger/ledger_inside.h"

/* What makes a history whole (decision 15) and a log its own (decision 16). */

enum status ledger_check_chart(const struct engine *engine, struct ledger *ledger,
                               const struct event *event)
{
    struct chart_id chart;
    struct hash previous = {{0}};
    const Alcove__EventTarget *target = event->target;
    if (target == NULL || !field_chart(target->chart, &chart) ||
        !ID_EQUAL(&chart, &ledger->query.chart) ||
        !field_optional(target->chart_previous, previous.bytes, HASH_BYTES)) {
        return STATUS_BAD_CHAIN;
    }
    if (target->chart_number != ledger->number + 1 || !ID_EQUAL(&previous, &ledger->last_leaf)) {
        return STATUS_BAD_CHAIN;
    }
    ledger->number++;
    ledger->last_leaf = event->leaf;
    const struct chart_seen *seen = section_chart_seen(engine, &chart);
    if (seen != NULL && seen->number == ledger->number) {
        if (!ID_EQUAL(&seen->leaf, &event->leaf)) {
            return STATUS_EQUIVOCATION;
        }
        ledger->seen_met = true;
    }
    return STATUS_OK;
}

enum status ledger_check_chart_end(const struct engine *engine, const struct ledger *ledger)
{
    const struct chart_seen *seen = section_chart_seen(engine, &ledger->query.chart);
    return seen == NULL || ledger->seen_met ? STATUS_OK : STATUS_REWOUND;
}

static struct ledger_run *run_of(struct ledger_runs *runs, const uint8_t id[ID_BYTES])
{
    for (size_t i = 0; i < runs->count; i++) {
        if (memcmp(runs->runs[i].id, id, ID_BYTES) == 0) {
            return &runs->runs[i];
        }
    }
    if (runs->count == runs->capacity) {
        size_t capacity = runs->capacity == 0 ? 32 : runs->capacity * 2;
        struct ledger_run *grown = realloc(runs->runs, capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        runs->runs = grown;
        runs->capacity = capacity;
    }
    struct ledger_run *run = &runs->runs[runs->count++];
    *run = (struct ledger_run){0};
    memcpy(run->id, id, ID_BYTES);
    return run;
}

static enum status check_chart_run(struct ledger *ledger, const struct event *event)
{
    struct chart_id chart;
    struct hash previous = {{0}};
    const Alcove__EventTarget *target = event->target;
    if (target->chart_number == 0) {
        return STATUS_OK;
    }
    if (!field_chart(target->chart, &chart) ||
        !field_optional(target->chart_previous, previous.bytes, HASH_BYTES)) {
        return STATUS_MALFORMED;
    }
    struct ledger_run *run = run_of(&ledger->charts, chart.bytes);
    if (run == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (target->chart_number != run->number + 1 || !ID_EQUAL(&previous, &run->last)) {
        return STATUS_BAD_CHAIN;
    }
    run->number++;
    run->last = event->leaf;
    return STATUS_OK;
}

static enum status check_section_run(struct ledger *ledger, const struct event *event)
{
    struct section_id section;
    struct hash head;
    const Alcove__EventTarget *target = event->target;
    if (target->section_number == 0) {
        return STATUS_OK;
    }
    if (!field_section(target->section, &section) || !field_hash(target->section_head, &head)) {
        return STATUS_MALFORMED;
    }
    struct ledger_run *run = run_of(&ledger->sections, section.bytes);
    if (run == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (target->section_number < run->number ||
        (target->section_number == run->number && !ID_EQUAL(&head, &run->last))) {
        return STATUS_BAD_CHAIN;
    }
    run->number = target->section_number;
    run->last = head;
    return STATUS_OK;
}

static enum status keep_leaf(struct ledger *ledger, const struct event *event,
                             const Alcove__EventLeaf *leaf)
{
    size_t size = leaf->open.len + 2u * HASH_BYTES;
    if (ledger->leaf_count == ledger->hash_capacity) {
        size_t capacity = ledger->hash_capacity == 0 ? 1024 : ledger->hash_capacity * 2;
        struct hash *hashes = realloc(ledger->hashes, capacity * sizeof *hashes);
        if (hashes == NULL) {
            return STATUS_NO_MEMORY;
        }
        ledger->hashes = hashes;
        ledger->hash_capacity = capacity;
    }
    if (ledger->leaves_size + size + 2 > ledger->leaves_capacity) {
        size_t capacity = ledger->leaves_capacity * 2 + 65536 + size;
        uint8_t *leaves = realloc(ledger->leaves, capacity);
        if (leaves == NULL) {
            return STATUS_NO_MEMORY;
        }
        ledger->leaves = leaves;
        ledger->leaves_capacity = capacity;
    }
    uint8_t *place = ledger->leaves + ledger->leaves_size;
    place[0] = (uint8_t)(size >> 8);
    place[1] = (uint8_t)size;
    memcpy(place + 2, leaf->open.data, leaf->open.len);
    memcpy(place + 2 + leaf->open.len, leaf->target_hash.data, HASH_BYTES);
    memcpy(place + 2 + leaf->open.len + HASH_BYTES, leaf->restricted_hash.data, HASH_BYTES);
    ledger->leaves_size += size + 2;
    ledger->hashes[ledger->leaf_count++] = event->leaf;
    return merkle_frontier_append(&ledger->frontier, &event->leaf, NULL);
}

enum status ledger_check_all(struct ledger *ledger, const struct event *event,
                             const Alcove__EventLeaf *leaf)
{
    if (event->seq != ledger->leaf_count || leaf->open.len > EVENT_LEAF_BYTES_MAX) {
        return STATUS_BAD_PROOF;
    }
    if (event->open->time_ms < ledger->time_ms) {
        return STATUS_BAD_CHAIN;
    }
    ledger->time_ms = event->open->time_ms;
    enum status status = STATUS_OK;
    if (event->target != NULL) {
        status = check_chart_run(ledger, event);
        if (status == STATUS_OK) {
            status = check_section_run(ledger, event);
        }
    }
    return status == STATUS_OK ? keep_leaf(ledger, event, leaf) : status;
}
