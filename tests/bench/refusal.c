/*
 * What the core spends on a submit that it refuses, in a section whose chain is long already.
 *
 *   refusal [LENGTH…]     default 10 1000 10000
 *
 * Two submits by a writer of the section: one epoch that is not the next; and one that is,
 * followed by the same once more, so that the first is admitted before the second is refused.
 * Each is judged in a transaction of its own; what is timed is core_handle alone, without the
 * door's part and the commit. Prints one line a length: the median of each in microseconds.
 */
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "server/core/brought.h"
#include "server/core/core.h"
#include "server/store/names.h"
#include "tests/support/practice.h"

#include <time.h>
#include <unistd.h>

#define MUST(call) CHECK((call) == STATUS_OK)
#define REPEATS    21u
#define BATCH      250u
#define MAP_BYTES  ((uint64_t)1 << 30)

struct bench {
    char folder[64];
    struct practice *p;
    struct db *db;
    struct core *core;
    struct core_peer peer;
    struct txn *txn;
    uint64_t asked;
};

static void open_core(struct bench *bench)
{
    struct make_world *world = &bench->p->w;
    const struct make_key login = make_key_new();
    const char *parent = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe)
    (void)snprintf(bench->folder, sizeof bench->folder, "%s/alcove-refusal-XXXXXX",
                   parent != NULL && strlen(parent) < 32 ? parent : "/tmp");
    CHECK(mkdtemp(bench->folder) != NULL);
    char path[96];
    (void)snprintf(path, sizeof path, "%s/db", bench->folder);
    const struct db_options options = {.map_bytes = MAP_BYTES, .create = true};
    MUST(db_open(path, &options, &bench->db));
    struct span *all = calloc(world->log_count, sizeof *all);
    CHECK(all != NULL);
    for (size_t i = 0; i < world->log_count; i++) {
        all[i] = world->log[i].bytes;
    }
    MUST(core_install(bench->db, all, world->log_count, NULL, 0, world->time_ms));
    free(all);
    MUST(core_open(bench->db, &login.public, world->time_ms, &bench->core));
}

static void find_peer(struct bench *bench, const struct make_person *person)
{
    bench->peer = (struct core_peer){.member = person->id,
                                     .role = person->role,
                                     .device_statement = person->device[0].statement,
                                     .device = person->device[0].id,
                                     .content_key = person->device[0].content.public};
    struct txn *txn = NULL;
    MUST(db_begin_read(bench->db, &txn));
    MUST(names_find(txn, SCHEMA_ID_MEMBER, person->id.bytes, &bench->peer.member_local));
    MUST(names_find(txn, SCHEMA_ID_DEVICE, person->device[0].id.bytes, &bench->peer.device_local));
    db_abort(txn);
}

static uint64_t now_ns(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* What the door does on a thread of its own, which is not timed. Revisions that still have this
 * limit only verify there. */
#ifdef CORE_STATEMENTS_MAX
static void at_door(const struct bench *bench, const Alcove__SubmitAsk *body, struct core_ask *ask)
{
    (void)bench;
    memset(ask->statement_verified, true, body->n_statement);
}
static void door_free(const struct core_ask *ask)
{
    (void)ask;
}
#else
static void at_door(const struct bench *bench, const Alcove__SubmitAsk *body, struct core_ask *ask)
{
    ask->brought = brought_read(&bench->p->w.practice, &bench->peer, body);
    CHECK(ask->brought != NULL);
}
static void door_free(const struct core_ask *ask)
{
    union {
        const struct brought *read;
        struct brought *owned;
    } brought = {.read = ask->brought};
    brought_free(brought.owned);
}
#endif

/* How long it took. */
static uint64_t submit(struct bench *bench, const struct made *made, size_t count,
                       enum status expected)
{
    Alcove__SubmitAsk body = ALCOVE__SUBMIT_ASK__INIT;
    struct core_ask ask = {.peer = &bench->peer, .op = OP_SUBMIT, .message = &body.base};
    ProtobufCBinaryData fields[2];
    CHECK(count <= ARRAY_LEN(fields));
    for (size_t i = 0; i < count; i++) {
        fields[i] = field_of(made[i].bytes.data, made[i].bytes.size);
    }
    body.n_statement = count;
    body.statement = fields;
    bench->asked++;
    memcpy(ask.id.bytes, &bench->asked, sizeof bench->asked);
    hash_bytes(ID_SPAN(&ask.id), &ask.body_hash);
    at_door(bench, &body, &ask);
    uint64_t began = now_ns();
    struct core_answer answer = {0};
    MUST(core_handle(bench->core, bench->txn, &ask, bench->p->w.time_ms, &answer));
    uint64_t took = now_ns() - began;
    CHECK(answer.status == expected);
    core_answer_clear(&answer);
    door_free(&ask);
    return took;
}

static void commit(struct bench *bench)
{
    MUST(db_commit(bench->txn));
    core_effects_clear(bench->core);
    bench->txn = NULL;
}

static void grow(struct bench *bench, struct make_section *section, uint64_t length)
{
    const struct make_world *world = &bench->p->w;
    while (authority_section(world->authority, &section->id)->entry_count < length) {
        MUST(db_begin_write(bench->db, &bench->txn));
        for (size_t i = 0; i < BATCH; i++) {
            struct made epoch = make_epoch(&bench->p->w, section, bench->p->t1, 0);
            (void)submit(bench, &epoch, 1, STATUS_OK);
            (void)make_take(&bench->p->w, epoch);
            if (authority_section(world->authority, &section->id)->entry_count == length) {
                break;
            }
        }
        commit(bench);
    }
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return *left < *right ? -1 : *left > *right;
}

static double median_us(struct bench *bench, const struct made *made, size_t count)
{
    uint64_t took[REPEATS];
    for (size_t i = 0; i < REPEATS; i++) {
        MUST(db_begin_write(bench->db, &bench->txn));
        took[i] = submit(bench, made, count, STATUS_CONFLICT);
        commit(bench);
    }
    qsort(took, REPEATS, sizeof took[0], by_size);
    const size_t middle = REPEATS / 2u;
    return (double)took[middle] / 1000.0;
}

static void measure(struct bench *bench, struct make_section *section, uint64_t length)
{
    grow(bench, section, length);
    struct made next = make_epoch(&bench->p->w, section, bench->p->t1, 0);
    struct made two[] = {next, next};
    two[1].bytes = bench->p->w.log[bench->p->w.log_count - 2u].bytes;
    double first = median_us(bench, &two[1], 1);
    double second = median_us(bench, two, 2);
    print_message("%llu\t%.0f\t%.0f\n", (unsigned long long)length, first, second);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    static const uint64_t usual[] = {10, 1000, 10000};
    MUST(random_init());
    void *practice = NULL;
    CHECK(practice_setup(&practice) == 0);
    struct bench bench = {.asked = 0};
    bench.p = practice;
    open_core(&bench);
    find_peer(&bench, bench.p->t1);
    MUST(db_begin_write(bench.db, &bench.txn));
    struct make_section *section = NULL;
    struct made made =
        make_section_statement(&bench.p->w, CLASS_PROGRESS, bench.p->c1, bench.p->t1, &section);
    (void)submit(&bench, &made, 1, STATUS_OK);
    (void)make_take(&bench.p->w, made);
    commit(&bench);
    for (size_t i = 0; i < (argc > 1 ? (size_t)argc - 1u : ARRAY_LEN(usual)); i++) {
        measure(&bench, section, argc > 1 ? strtoull(argv[i + 1u], NULL, 10) : usual[i]);
    }
    core_close(bench.core);
    db_close(bench.db);
    (void)practice_teardown(&practice);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", bench.folder);
    return system(command); // NOLINT(concurrency-mt-unsafe,cert-env33-c): our own folder
}
