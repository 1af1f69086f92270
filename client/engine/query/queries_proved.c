#include "client/engine/query/queries.h"

#include "keys/public/bytes/fields.h"

#include <stdlib.h>

/*
 * What was proved of the access log, so that the next proof goes on from there: sealed, in the cache.
 *
 *   STORAGE_META  "pa"            the whole log: where the tree and the clock of its leaves stood
 *                 "pc" chart(16)  one chart's history, of its client
 *                 "pr" kind id    'c', 's': where a chart or a section stood within the whole log;
 *                                 't': a section within its chart's history
 *
 * It is never believed by itself: the tree that it begins ends in the root that the server has
 * signed now, or all is read again from the beginning before anybody is accused.
 */

#define PROVED_VERSION    1u
#define ALL_BYTES_MAX     (1u + 4u * 8u + 2u * 8u + MERKLE_LEVELS_MAX * HASH_BYTES)
#define CHART_KEY_BYTES   (2u + ID_BYTES)
#define RUN_KEY_BYTES     (3u + ID_BYTES)
#define RUN_VALUE_BYTES   (8u + 2u * HASH_BYTES)
#define CHART_VALUE_BYTES (1u + 5u * 8u + 2u * HASH_BYTES)

static const struct span all_key = {(const uint8_t *)"pa", 2};

static const struct field ALL[] = {
    FIELD(struct query, whole_ms, FIELD_U64),      FIELD(struct query, time_ms, FIELD_U64),
    FIELD(struct query, charts.known, FIELD_U64),  FIELD(struct query, sections.known, FIELD_U64),
    FIELD(struct query, frontier.size, FIELD_U64),
};

static const struct field CHART[] = {
    FIELD(struct query, whole_ms, FIELD_U64),       FIELD(struct query, number, FIELD_U64),
    FIELD(struct query, last_leaf, FIELD_BYTES),    FIELD(struct query, met.number, FIELD_U64),
    FIELD(struct query, met.leaf, FIELD_BYTES),     FIELD(struct query, time_ms, FIELD_U64),
    FIELD(struct query, sections.known, FIELD_U64),
};

static const struct field RUN[] = {
    FIELD(struct query_run, number, FIELD_U64),
    FIELD(struct query_run, last, FIELD_BYTES),
    FIELD(struct query_run, times, FIELD_BYTES),
};

static size_t chart_key(const struct query *query, uint8_t out[static CHART_KEY_BYTES])
{
    out[0] = 'p';
    out[1] = 'c';
    memcpy(out + 2, query->terms.chart.bytes, ID_BYTES);
    return CHART_KEY_BYTES;
}

static size_t run_key(char kind, const struct query_run *run, uint8_t out[static RUN_KEY_BYTES])
{
    out[0] = 'p';
    out[1] = 'r';
    out[2] = (uint8_t)kind;
    memcpy(out + 3, run->id, ID_BYTES);
    return RUN_KEY_BYTES;
}

/* ---- taking up */

static bool read_all(struct span value, struct query *query)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint8_t version = cursor_read_u8(&reader);
    fields_read(&reader, ALL, ARRAY_LEN(ALL), query);
    cursor_read_bytes(&reader, query->frontier.nodes[0].bytes, sizeof query->frontier.nodes);
    return cursor_read_done(&reader) == STATUS_OK && version == PROVED_VERSION;
}

static bool read_chart(struct span value, struct query *query)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    uint8_t version = cursor_read_u8(&reader);
    fields_read(&reader, CHART, ARRAY_LEN(CHART), query);
    return cursor_read_done(&reader) == STATUS_OK && version == PROVED_VERSION;
}

/* An author may have told of a place in what was proved only afterwards; then it is looked at. */
static bool seen_was_met(const struct queries *queries, const struct query *query)
{
    const struct chart_seen *seen = section_chart_seen(queries->sections, &query->terms.chart);
    return seen == NULL || seen->number > query->number ||
           (seen->number == query->met.number && ID_EQUAL(&seen->leaf, &query->met.leaf)) ||
           (seen->number == query->number && ID_EQUAL(&seen->leaf, &query->last_leaf));
}

void queries_begin_anew(struct query *query)
{
    query->from = 0;
    query->whole_ms = 0;
    query->time_ms = 0;
    query->number = 0;
    query->last_leaf = (struct hash){{0}};
    query->met = (struct chart_seen){0};
    query->after = 0;
    query->seen_met = false;
    query->gap_count = 0;
    query->unprovable = false;
    query->leaf_count = 0;
    merkle_frontier_init(&query->frontier);
    query->charts.count = 0;
    query->charts.known = 0;
    query->sections.count = 0;
    query->sections.known = 0;
    queries_drop_events(query);
}

void queries_take_up(const struct queries *queries, struct query *query)
{
    bool all = query->kind == QUERY_ALL;
    uint8_t key[CHART_KEY_BYTES];
    struct span name = all ? all_key : span_of(key, chart_key(query, key));
    struct span value;
    enum status status = storage_get(&queries->common->storage, STORAGE_META, name, &value);
    bool good =
        status == STATUS_OK &&
        (all ? read_all(value, query) : read_chart(value, query) && seen_was_met(queries, query));
    /* More than the keystore ever saw: not of this history. */
    if (!good || query->frontier.size > queries->log->events.size) {
        queries_begin_anew(query);
        return;
    }
    query->leaf_count = (size_t)query->frontier.size;
    query->after = all ? 0 : query->number;
    query->from = all ? query->frontier.size : query->number;
    const struct chart_seen *seen = section_chart_seen(queries->sections, &query->terms.chart);
    query->seen_met = !all && seen != NULL && seen->number <= query->number;
}

enum status queries_run_take_up(const struct queries *queries, const struct query *query, char kind,
                                struct query_run *run)
{
    if (query->from == 0) {
        return STATUS_NOT_FOUND;
    }
    uint8_t key[RUN_KEY_BYTES];
    struct span value;
    enum status status = storage_get(&queries->common->storage, STORAGE_META,
                                     span_of(key, run_key(kind, run, key)), &value);
    if (status == STATUS_OK) {
        struct cursor_reader reader;
        cursor_read_init(&reader, value);
        fields_read(&reader, RUN, ARRAY_LEN(RUN), run);
        status = cursor_read_done(&reader);
    }
    return status;
}

/* ---- keeping */

static enum status put_runs(const struct storage *storage, char kind, const struct query_runs *runs)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < runs->count && status == STATUS_OK; i++) {
        const struct query_run *run = &runs->runs[i];
        uint8_t value[RUN_VALUE_BYTES];
        struct cursor_writer writer;
        cursor_write_init(&writer, value, sizeof value);
        fields_write(&writer, RUN, ARRAY_LEN(RUN), run);
        uint8_t key[RUN_KEY_BYTES];
        status = storage_put(storage, STORAGE_META, span_of(key, run_key(kind, run, key)),
                             span_of(value, sizeof value));
    }
    return status;
}

static enum status put_all(const struct storage *storage, const struct query *query)
{
    struct cursor_writer writer;
    uint8_t value[ALL_BYTES_MAX];
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u8(&writer, PROVED_VERSION);
    fields_write(&writer, ALL, ARRAY_LEN(ALL), query);
    cursor_write_span(&writer,
                      span_of(query->frontier.nodes[0].bytes, sizeof query->frontier.nodes));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    enum status status = put_runs(storage, 'c', &query->charts);
    if (status == STATUS_OK) {
        status = put_runs(storage, 's', &query->sections);
    }
    return status == STATUS_OK ? storage_put(storage, STORAGE_META, all_key, span_of(value, size))
                               : status;
}

static enum status put_chart(const struct storage *storage, const struct query *query)
{
    struct cursor_writer writer;
    uint8_t value[CHART_VALUE_BYTES];
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u8(&writer, PROVED_VERSION);
    fields_write(&writer, CHART, ARRAY_LEN(CHART), query);
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    enum status status = put_runs(storage, 't', &query->sections);
    uint8_t key[CHART_KEY_BYTES];
    return status == STATUS_OK
               ? storage_put(storage, STORAGE_META, span_of(key, chart_key(query, key)),
                             span_of(value, size))
               : status;
}

enum status queries_keep_proved(const struct queries *queries, struct query *query)
{
    const struct storage *storage = &queries->common->storage;
    if (query->from == 0) {
        query->whole_ms = queries->common->now_ms;
    }
    const struct chart_seen *seen = section_chart_seen(queries->sections, &query->terms.chart);
    static const struct chart_seen none;
    query->met = seen == NULL ? none : *seen;
    enum status status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    return storage_end(storage, query->kind == QUERY_ALL ? put_all(storage, query)
                                                         : put_chart(storage, query));
}
