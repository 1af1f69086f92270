#include "client/engine/query/queries.h"

#include "keys/public/bytes/array.h"
#include "keys/public/log/leaf.h"

/* What makes a history whole (decision 15) and a log its own (decision 16). */

enum status queries_add_gap(struct query *query, const struct event *event)
{
    enum status status =
        array_grow(&query->gaps, &query->gap_capacity, query->gap_count + 1, sizeof *query->gaps);
    if (status == STATUS_OK) {
        query->gaps[query->gap_count++] = (struct query_gap){event->seq, event->leaf};
        query->unprovable |= event->lost;
    }
    return status;
}

/* Whether events that are damaged may stand between two of a chart: as many as are missing, the last
 * of them the one that the later event links to. Nothing can be left out so that is not named as
 * damaged, and the root holds each named one's hash. */
static bool bridged(const struct query *query, uint64_t missing, const struct hash *previous)
{
    for (size_t i = 0; i < query->gap_count && missing > 0; i++) {
        if (missing <= query->gap_count &&
            (query->unprovable || ID_EQUAL(&query->gaps[i].leaf, previous))) {
            return true;
        }
    }
    return false;
}

void queries_tell_gaps(const struct query *query, char *out, size_t size)
{
    int used = snprintf(
        out, size,
        query->unprovable ? "What can be read holds, but the root cannot be made: %zu damaged at "
                            "the server (number"
                          : "The log is the signed one, and all that can be read of it holds; %zu "
                            "damaged at the server (number",
        query->gap_count);
    for (size_t i = 0; i < query->gap_count && used > 0 && (size_t)used + 32u < size; i++) {
        used += snprintf(out + used, size - (size_t)used, "%s %llu", i == 0 ? "" : ",",
                         (unsigned long long)query->gaps[i].seq);
    }
    if (used > 0 && (size_t)used < size) {
        (void)snprintf(out + used, size - (size_t)used, ")");
    }
}

/* They lie in the order of their ids. */
static size_t place_of(const struct query_runs *runs, const uint8_t id[ID_BYTES])
{
    size_t to = runs->count;
    size_t from = 0;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (memcmp(runs->runs[middle].id, id, ID_BYTES) < 0) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* In this pass, else where the last proof left it. */
static enum status run_of(const struct queries *queries, const struct query *query, char kind,
                          struct query_runs *runs, const uint8_t id[ID_BYTES],
                          struct query_run **out_run)
{
    size_t at = place_of(runs, id);
    if (at < runs->count && memcmp(runs->runs[at].id, id, ID_BYTES) == 0) {
        *out_run = &runs->runs[at];
        return STATUS_OK;
    }
    struct query_run run;
    memset(&run, 0, sizeof run);
    memcpy(run.id, id, ID_BYTES);
    enum status status = queries_run_take_up(queries, query, kind, &run);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    runs->known += status == STATUS_NOT_FOUND ? 1 : 0;
    status = array_grow(&runs->runs, &runs->capacity, runs->count + 1, sizeof *runs->runs);
    if (status == STATUS_OK) {
        memmove(&runs->runs[at + 1], &runs->runs[at], (runs->count - at) * sizeof run);
        runs->runs[at] = run;
        runs->count++;
        *out_run = &runs->runs[at];
    }
    return status;
}

/* Of a statement of the section's own chain that is known here: the event that wrote it down has
 * the time of its leaf in the other log. */
static bool dated_as_its_statement(const struct queries *queries, const struct section_id *section,
                                   const struct event *event)
{
    const struct authority *authority = queries->log->authority;
    const struct authority_section *facts =
        authority == NULL ? NULL : authority_section(authority, section);
    struct hash object;
    for (size_t i = 0;
         facts != NULL && i < facts->entry_count && field_hash(event->target->object, &object);
         i++) {
        if (ID_EQUAL(&facts->entries[i].statement, &object)) {
            return facts->entries[i].time_ms == event->open->time_ms;
        }
    }
    return true;
}

/*
 * Whoever sees all events of a section sees each of its numbers begin: with the event that wrote
 * the entry down. So an entry's time, which its readers are told beside the entry alone, is the
 * time of that event's leaf.
 */
static enum status check_section_run(const struct queries *queries, struct query *query,
                                     const struct event *event)
{
    const Alcove__EventTarget *target = event->target;
    if (target->section_number == 0) {
        return STATUS_OK;
    }
    struct section_id section;
    struct hash head;
    struct hash times;
    if (!field_section(target->section, &section) || !field_hash(target->section_head, &head) ||
        !field_hash(target->section_times, &times)) {
        return STATUS_MALFORMED;
    }
    struct query_run *run = NULL;
    enum status status = run_of(queries, query, query->kind == QUERY_ALL ? 's' : 't',
                                &query->sections, section.bytes, &run);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t damaged = query->gap_count - run->gaps;
    run->gaps = query->gap_count;
    if (damaged > 0 && target->section_number > run->number &&
        target->section_number - run->number <= damaged + 1) {
        /* Damaged events may have written these entries down: from here on again. */
        run->number = target->section_number;
        run->last = head;
        run->times = times;
        return STATUS_OK;
    }
    bool next = target->section_number == run->number + 1;
    if (!next && (target->section_number != run->number || !ID_EQUAL(&head, &run->last))) {
        return STATUS_BAD_CHAIN;
    }
    if (next && event->open->action != ACTION_GRANT_ENDED &&
        !dated_as_its_statement(queries, &section, event)) {
        return STATUS_BAD_CHAIN;
    }
    if (next) {
        struct hash before = run->times;
        run->number++;
        run->last = head;
        leaf_section_times(&queries->common->practice, &before, run->number, event->open->time_ms,
                           &run->times);
    }
    return ID_EQUAL(&times, &run->times) ? STATUS_OK : STATUS_BAD_CHAIN;
}

enum status queries_check_chart(const struct queries *queries, struct query *query,
                                const struct event *event)
{
    const Alcove__EventTarget *target = event->target;
    if (event->damaged) {
        /* Its number is its place; the next one's link shows whether it stood there. */
        query->number++;
        query->last_leaf = event->leaf;
        return event->lost ? STATUS_BAD_PROOF : queries_add_gap(query, event);
    }
    struct chart_id chart;
    struct hash previous = {{0}};
    if (target == NULL || !field_chart(target->chart, &chart) ||
        !ID_EQUAL(&chart, &query->terms.chart) ||
        !field_optional(target->chart_previous, previous.bytes, HASH_BYTES)) {
        return STATUS_BAD_CHAIN;
    }
    if (target->chart_number != query->number + 1 || !ID_EQUAL(&previous, &query->last_leaf)) {
        return STATUS_BAD_CHAIN;
    }
    if (event->open->time_ms < query->time_ms) {
        return STATUS_BAD_CHAIN;
    }
    query->time_ms = event->open->time_ms;
    query->number++;
    query->last_leaf = event->leaf;
    const struct chart_seen *seen = section_chart_seen(queries->sections, &chart);
    if (seen != NULL && seen->number == query->number) {
        if (!ID_EQUAL(&seen->leaf, &event->leaf)) {
            return STATUS_EQUIVOCATION;
        }
        query->seen_met = true;
    }
    return check_section_run(queries, query, event);
}

enum status queries_check_chart_end(const struct queries *queries, const struct query *query)
{
    const struct chart_seen *seen = section_chart_seen(queries->sections, &query->terms.chart);
    return seen == NULL || query->seen_met ? STATUS_OK : STATUS_REWOUND;
}

static enum status check_chart_run(const struct queries *queries, struct query *query,
                                   const struct event *event)
{
    const Alcove__EventTarget *target = event->target;
    if (target->chart_number == 0) {
        return STATUS_OK;
    }
    struct chart_id chart;
    struct hash previous = {{0}};
    if (!field_chart(target->chart, &chart) ||
        !field_optional(target->chart_previous, previous.bytes, HASH_BYTES)) {
        return STATUS_MALFORMED;
    }
    struct query_run *run = NULL;
    enum status status = run_of(queries, query, 'c', &query->charts, chart.bytes, &run);
    if (status != STATUS_OK) {
        return status;
    }
    bool follows = target->chart_number == run->number + 1 && ID_EQUAL(&previous, &run->last);
    if (!follows && (target->chart_number <= run->number + 1 ||
                     !bridged(query, target->chart_number - run->number - 1, &previous))) {
        return STATUS_BAD_CHAIN;
    }
    run->number = target->chart_number;
    run->last = event->leaf;
    return STATUS_OK;
}

static enum status keep_leaf(struct query *query, const struct event *event,
                             const Alcove__EventLeaf *leaf)
{
    size_t size = event->damaged ? 0 : leaf->open.len + 2u * HASH_BYTES;
    if (array_grow(&query->hashes, &query->hash_capacity, query->hash_count + 1,
                   sizeof *query->hashes) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    if (array_grow(&query->leaves, &query->leaves_capacity, query->leaves_size + size + 2, 1) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    uint8_t *place = query->leaves + query->leaves_size;
    place[0] = (uint8_t)(size >> 8);
    place[1] = (uint8_t)size;
    if (leaf->open.len > 0) {
        memcpy(place + 2, leaf->open.data, leaf->open.len);
    }
    if (!event->damaged) {
        memcpy(place + 2 + leaf->open.len, leaf->target_hash.data, HASH_BYTES);
        memcpy(place + 2 + leaf->open.len + HASH_BYTES, leaf->restricted_hash.data, HASH_BYTES);
    }
    query->leaves_size += size + 2;
    query->hashes[query->hash_count++] = event->leaf;
    return STATUS_OK;
}

static enum status count_leaf(struct query *query, const struct event *event,
                              const Alcove__EventLeaf *leaf)
{
    enum status status = query->keeps ? keep_leaf(query, event, leaf) : STATUS_OK;
    if (status == STATUS_OK) {
        status = merkle_frontier_append(&query->frontier, &event->leaf, NULL);
    }
    query->leaf_count += status == STATUS_OK ? 1 : 0;
    return status;
}

enum status queries_check_all(const struct queries *queries, struct query *query,
                              const struct event *event, const Alcove__EventLeaf *leaf)
{
    if (event->seq != query->leaf_count || leaf->open.len > EVENT_LEAF_BYTES_MAX) {
        return STATUS_BAD_PROOF;
    }
    if (event->damaged) {
        enum status status = queries_add_gap(query, event);
        return status == STATUS_OK ? count_leaf(query, event, leaf) : status;
    }
    if (event->open->time_ms < query->time_ms) {
        return STATUS_BAD_CHAIN;
    }
    query->time_ms = event->open->time_ms;
    enum status status = STATUS_OK;
    if (event->target != NULL) {
        status = check_chart_run(queries, query, event);
        if (status == STATUS_OK) {
            status = check_section_run(queries, query, event);
        }
    }
    return status == STATUS_OK ? count_leaf(query, event, leaf) : status;
}
