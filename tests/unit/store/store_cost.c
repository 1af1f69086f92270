/*
 * What one audited write costs the disk: puts and 4 KiB pages per write, by batch size.
 *
 *   store_cost [NOTES SECTIONS BATCH BATCHES]
 *
 * A write is a record of one page, its wrap, the note's head and one event with its trails;
 * writes of a batch go to different sections, each with a chart, author and device of its
 * own, which is the worst case. A read is one event. Without arguments: the figures that the
 * layout is held to; ends with 1 when one is missed.
 */
#include <sys/resource.h>
#include <time.h>

#include "server/store/note_head.h"
#include "server/store/replay.h"
#include "store_fixture.h"

/* Held to: a put more, or a page more, is a change of the layout and not of the weather. */
#define PUTS_PER_WRITE_MAX  7.2
#define PAGES_PER_WRITE_MAX 1.5
#define PUTS_PER_READ_MAX   3.2

struct cost {
    double puts;
    double pages;
    double kib_put;
    double ms_per_commit;
};

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void one_event(struct txn *txn, uint64_t *seed, uint32_t section,
                      const struct event_change *change)
{
    struct fixture_parts parts;
    struct event_new event;
    fixture_event(seed, &parts, &event);
    event.open = span_of(parts.open, 100);
    event.target = span_of(parts.target, 180);
    event.restricted = span_of(parts.restricted, 30);
    event.fields.time_ms = events_time(txn, 1);
    event.fields.actor_local = section;
    event.fields.device_local = section;
    event.fields.chart_local = section;
    event.fields.section_local = section;
    event.fields.action = 13;
    event.fields.outcome = 1;
    if (change != NULL) {
        event.change = *change;
        fixture_random_bytes(seed, event.reply.request.bytes, ID_BYTES);
        event.reply.outcome = span_of(parts.open, 80);
    }
    struct hash leaf;
    uint64_t seq;
    CHECK(fixture_append(txn, &event, &seq, &leaf) == STATUS_OK);
}

static void one_write(struct txn *txn, uint64_t *seed, uint32_t section)
{
    static uint8_t content[RECORD_CONTENT_BYTES_PAGE];
    struct record record = {.context = span_of(content, 700),
                            .header = span_of(content + 700, 72),
                            .envelope = span_of(content + 772, sizeof content - 772)};
    fixture_random_bytes(seed, content, 64);
    struct note_id note;
    fixture_random_bytes(seed, note.bytes, ID_BYTES);
    struct event_change change = {.kind = EVENTS_KIND_REVISION};
    record_object_hash(db_practice_of(txn), &record, &change.object);
    CHECK(record_append(txn, &record, span_of(content, WRAP_BYTES), &change.object_seq) ==
          STATUS_OK);
    struct note_head head = {.count = 1};
    head.heads[0].link = change.object;
    head.heads[0].record_seq = change.object_seq;
    head.heads[0].revision = 1;
    note_head_put(txn, section, &note, &head);
    one_event(txn, seed, section, &change);
}

static void run(struct fixture *f, uint64_t *seed, size_t count, size_t batch, uint32_t sections,
                bool write, struct cost *out_cost)
{
    struct db_stats before;
    CHECK(db_stats(f->db, &before) == STATUS_OK);
    double started = now_ms();
    uint32_t section = 0;
    for (size_t done = 0; done < count; done += batch) {
        struct txn *txn = fixture_write(f);
        for (size_t i = 0; i < batch; i++) {
            section = section % sections + 1;
            if (write) {
                one_write(txn, seed, section);
            } else {
                one_event(txn, seed, section, NULL);
            }
        }
        fixture_commit(txn);
    }
    struct db_stats after;
    CHECK(db_stats(f->db, &after) == STATUS_OK);
    out_cost->puts = (double)(after.puts - before.puts) / (double)count;
    out_cost->pages = (double)(after.pages_written - before.pages_written) / (double)count;
    out_cost->kib_put = (double)(after.put_bytes - before.put_bytes) / 1024.0 / (double)count;
    out_cost->ms_per_commit = (now_ms() - started) / ((double)count / (double)batch);
}

static void print(const char *what, const struct cost *cost)
{
    (void)printf("%-6s %5.2f puts %6.2f pages %6.2f KiB put %8.2f ms a commit\n", what, cost->puts,
                 cost->pages, cost->kib_put, cost->ms_per_commit);
}

int main(int argc, char **argv)
{
    size_t notes = argc > 1 ? strtoul(argv[1], NULL, 10) : 5120;
    uint32_t sections = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 256;
    size_t batch = argc > 3 ? strtoul(argv[3], NULL, 10) : 256;
    size_t batches = argc > 4 ? strtoul(argv[4], NULL, 10) : 20;
    struct fixture f;
    fixture_init(&f, 0);
    struct cost fill;
    uint64_t seed = 1;
    run(&f, &seed, notes / 256 * 256, 256, sections, true, &fill);
    struct cost write;
    run(&f, &seed, batch * batches, batch, sections, true, &write);
    struct cost read;
    run(&f, &seed, batch * batches, batch, sections, false, &read);
    (void)printf("%zu notes in %u sections, %zu a batch\n", notes, sections, batch);
    print("write", &write);
    print("read", &read);
    fixture_deinit(&f);
    return argc > 1 || (write.puts <= PUTS_PER_WRITE_MAX && write.pages <= PAGES_PER_WRITE_MAX &&
                        read.puts <= PUTS_PER_READ_MAX)
               ? 0
               : 1;
}
