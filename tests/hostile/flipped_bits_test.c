/*
 * A disk that flips bits. Goal: whatever bit of the server's database is another, nothing false is
 * shown, fsck finds it, nobody asks in a loop, and all sections that it does not lie in are read.
 * Method: bits at random places of the file, one at a time, each in a copy and in a process of its
 * own, with a reader and an auditor who have nothing but their keys. A walk of its own tells what is used.
 *
 * ALCOVE_FLIPS       how many bits that lie in used bytes (default 200)
 * ALCOVE_FLIPS_SEED  other bits; with some of them LMDB reads past its file's end, and the process ends
 */
#include "tests/hostile/gaps.h"
#include "tests/hostile/kit.h"
#include "tests/sim/dice.h"
#include "tests/support/test.h"

#include "client/engine/exchange/inside.h"
#include "keys/public/hash.h"
#include "server/store/fsck.h"
#include "server/store/names.h"
#include "server/store/record.h"
#include "server/store/section_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    NOTES = 24, /* in each of two sections */
    ASKS_A_MINUTE_MAX = 4,
    SECTIONS_MAX = 8,
    TEXTS_MAX = 256,
    TRIES_MAX = 20, /* for each bit that must lie in used bytes */
};

/* What a trial found, as bits of its process's exit code. */
enum {
    USED = 1,       /* the bit lies in what the tables hold */
    FOUND = 2,      /* fsck says so */
    NO_START = 4,   /* the server does not start: nobody is shown anything */
    SHORT = 8,      /* some section of the reader is not whole */
    GAP_LOG = 16,   /* the auditor was told of damage */
    FAILED_IT = 32, /* what may never be; said on standard output */
};

struct truth {
    struct section_id section;
    uint64_t number;
    struct hash text;
};

static struct scene scene;
static struct inproc_person auditor;
static struct truth truths[TEXTS_MAX];
static size_t truth_count;
static size_t whole[SECTIONS_MAX]; /* texts of each section */
static struct section_id sections[SECTIONS_MAX];
static size_t section_count;
static char names[2][VIEW_NAME_BYTES_MAX];

/* ---------------------------------------------------------------- the practice, and the truth */

static struct truth truth_of(const struct view_revision *revision)
{
    struct truth truth = {.section = revision->section, .number = revision->number};
    hash_bytes(field_span(revision->body->text), &truth.text);
    return truth;
}

static bool add_truth(void *visitor, const struct view_revision *revision)
{
    size_t *texts = visitor;
    assert_non_null(revision->body);
    assert_true(truth_count < TEXTS_MAX);
    truths[truth_count++] = truth_of(revision);
    ++*texts;
    return true;
}

static bool add_section(void *visitor, const struct view_section *section)
{
    (void)visitor;
    assert_true(section_count < SECTIONS_MAX);
    sections[section_count++] = section->section;
    return true;
}

static int open_practice(void **state)
{
    (void)state;
    scene_open(&scene);
    const struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    const struct section_id progress = scene_section(&scene.therapist, CLASS_PROGRESS);
    for (unsigned i = 0; i < NOTES; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "note %u of this practice", i);
        struct note_id note = scene_note(&scene.therapist, &shared, text);
        scene_note(&scene.therapist, &progress, text);
        uint64_t ticket = 0;
        if (i % 4 == 0) {
            scene_write(&scene.therapist, &shared, &note, REVISION_SIGNED, "signed", &ticket);
            scene_wait(&scene.therapist, ticket);
        }
        if (i % 8 == 1) {
            OK(act_rotate(scene.therapist.engine, &progress, scene.server.now_ms, &ticket));
            scene_wait(&scene.therapist, ticket);
        }
    }
    scene_refresh(&scene.admin);
    scene_invite(&scene.admin, ROLE_AUDITOR, "Ada", &auditor);
    gaps_empty_cache(&scene.therapist);
    scene_refresh(&scene.therapist);
    view_sections(scene.therapist.engine, add_section, NULL);
    for (size_t i = 0; i < section_count; i++) {
        OK(view_revisions(scene.therapist.engine, &sections[i], NULL, add_truth, &whole[i]));
    }
    view_name(scene.therapist.engine, &scene.client.content.member, names[0]);
    view_name(scene.therapist.engine, &scene.admin.content.member, names[1]);
    inproc_offline(&scene.therapist);
    inproc_offline(&scene.client);
    inproc_offline(&scene.admin);
    inproc_offline(&auditor);
    db_close(scene.server.db);
    scene.server.db = NULL;
    return 0;
}

static int close_practice(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data", scene.server.folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30};
    OK(db_open(path, &options, &scene.server.db));
    inproc_person_free(&auditor);
    scene_close(&scene);
    return 0;
}

/* ---------------------------------------------------------------- one flipped bit */

static struct hash authority; /* digest of the tables that hold it */
static bool authority_hit;
static char first_fault[FSCK_WHERE_BYTES_MAX];
static int said; /* in the copy of the process */

static void never(bool right, const char *what)
{
    if (!right) {
        print_message("  NEVER: %s\n", what);
        (void)fflush(stdout);
        said |= FAILED_IT;
    }
}

/* Where statements lie, since rights follow from all of them, so that a client that does not get one
 * reads nothing; and where the newest event of each person stands, without which no request of that
 * person can be written down. Then nothing is served, which is right. */
static bool is_authority(enum schema_table table)
{
    return table == SCHEMA_STATEMENT || table == SCHEMA_STATEMENT_LEAF || table == SCHEMA_CHAIN ||
           table == SCHEMA_CHAIN_LOG || table == SCHEMA_TRAIL;
}

static void add(struct hash *to, struct span key, struct span value)
{
    struct hash parts[3] = {*to};
    hash_bytes(key, &parts[1]);
    hash_bytes(value, &parts[2]);
    hash_bytes(span_of((const uint8_t *)parts, sizeof parts), to);
}

/* Everything that the tables hold. A sum that does not fit ends a walk, which has another digest. */
static void digest(struct db *db, struct hash *out, struct hash *out_authority)
{
    memset(out, 0, sizeof *out);
    memset(out_authority, 0, sizeof *out_authority);
    struct txn *txn = NULL;
    if (db_begin_read(db, &txn) != STATUS_OK) {
        return;
    }
    for (size_t table = 0; table < SCHEMA_TABLES; table++) {
        struct db_walk *walk = NULL;
        if (db_walk_open(txn, (enum schema_table)table, span_of(NULL, 0), span_of("", 1), false,
                         &walk) != STATUS_OK) {
            continue;
        }
        struct hash all = {{0}};
        struct span key;
        struct span value;
        while (db_walk_next(walk, &key, &value)) {
            add(&all, key, value);
        }
        all.bytes[0] ^= db_walk_close(walk) == STATUS_OK ? 0 : 0xff;
        add(out, ID_SPAN(&all), span_of(NULL, 0));
        if (is_authority((enum schema_table)table)) {
            add(out_authority, ID_SPAN(&all), span_of(NULL, 0));
        }
    }
    db_abort(txn);
}

static enum status header_hashes(void *context, struct span header, struct hash *out_context,
                                 struct hash *out_envelope)
{
    (void)context;
    struct revision_header parsed;
    enum status status = revision_header_parse(header, &parsed);
    *out_context = parsed.context_hash;
    *out_envelope = parsed.envelope_hash;
    return status == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

struct reading {
    size_t texts;
};

static bool check_text(void *visitor, const struct view_revision *revision)
{
    struct reading *reading = visitor;
    if (revision->body == NULL) {
        never(revision->unopened || revision->damaged, "a text is missing that is called whole");
        return true;
    }
    const struct truth shown = truth_of(revision);
    bool true_one = false;
    for (size_t i = 0; i < truth_count; i++) {
        true_one |= memcmp(&truths[i], &shown, sizeof shown) == 0;
    }
    never(true_one, "a text is shown that nobody wrote");
    reading->texts++;
    return true;
}

/* |minutes| of the server's time, a tick a second. The most that was asked in one minute. */
static uint64_t pass(struct inproc_person *person, int minutes)
{
    struct inproc *server = person->server;
    uint64_t most = 0;
    for (int minute = 0; minute < minutes; minute++) {
        const uint64_t before = server->requests;
        for (int second = 0; second < 60; second++) {
            server->now_ms += 1000;
            (void)inproc_run(person);
        }
        most = server->requests - before > most ? server->requests - before : most;
    }
    return most;
}

static bool is_hit(struct db *db, const struct section_id *section)
{
    struct txn *txn = NULL;
    if (db_begin_read(db, &txn) != STATUS_OK) {
        return true;
    }
    uint32_t local = 0;
    uint64_t number = 0;
    struct hash head;
    bool hit = names_find(txn, SCHEMA_ID_SECTION, section->bytes, &local) != STATUS_OK ||
               section_log_head(txn, local, &number, &head) != STATUS_OK || number == 0;
    for (uint64_t n = 1; n <= number && !hit; n++) {
        size_t count = 0;
        struct section_change change;
        hit = section_log_page(txn, local, n - 1, &change, 1, &count) != STATUS_OK || count != 1;
        struct record record;
        struct record_hashes hashes;
        struct span wrap;
        if (!hit && change.change.kind == ENTRY_REVISION) {
            hit = record_get(txn, change.change.object_seq, &change.change.object, &record) !=
                      STATUS_OK ||
                  header_hashes(NULL, record.header, &hashes.context, &hashes.envelope) !=
                      STATUS_OK ||
                  record_check(&record, &hashes) != STATUS_OK ||
                  record_wrap(txn, change.change.object_seq, &wrap) != STATUS_OK;
        }
        hit = hit || (n == number && !ID_EQUAL(&change.head, &head));
    }
    db_abort(txn);
    return hit;
}

static void read_all(struct inproc *server)
{
    struct inproc_person *reader = &scene.therapist;
    bool hit[SECTIONS_MAX];
    for (size_t i = 0; i < section_count; i++) {
        hit[i] = is_hit(server->db, &sections[i]);
    }
    reader->server = server;
    gaps_empty_cache(reader);
    engine_sync(reader->engine);
    (void)inproc_run(reader);
    for (int second = 0; second < 20; second++) {
        server->now_ms += 1000;
        (void)inproc_run(reader);
    }
    struct engine_state state;
    engine_state(reader->engine, &state);
    for (size_t i = 0; i < section_count; i++) {
        struct reading reading = {0};
        enum status status =
            view_revisions(reader->engine, &sections[i], NULL, check_text, &reading);
        bool all = status == STATUS_OK && reading.texts == whole[i];
        said |= all ? 0 : SHORT;
        if (!all && !hit[i] && state.phase != ENGINE_STOPPED) {
            print_message(
                "  section %zu: %zu of %zu texts (%s), phase %d, %zu behind, %zu stopped; "
                "fsck: %s\n",
                i, reading.texts, whole[i], status_name(status), (int)state.phase,
                state.sections_behind, state.sections_stopped, first_fault);
        }
        never(all || hit[i] || authority_hit, "a section that is whole was not read");
    }
    char name[VIEW_NAME_BYTES_MAX];
    view_name(reader->engine, &scene.client.content.member, name);
    never(strcmp(name, names[0]) == 0 || strlen(name) == 8, "a person has a false name");
    never(pass(reader, 3) <= ASKS_A_MINUTE_MAX, "the reader asks in a loop");
    if (engine_alarm_count(reader->engine) > 0) {
        print_message("  alarm: %s (%s)\n", engine_alarm(reader->engine, 0)->reason,
                      engine_alarm(reader->engine, 0)->evidence);
    }
}

static void audit(struct inproc *server)
{
    auditor.server = server;
    gaps_empty_cache(&auditor);
    engine_sync(auditor.engine);
    (void)inproc_run(&auditor);
    (void)pass(&auditor, 1);
    uint64_t ticket = 0;
    if (query_verify_all(auditor.engine, &ticket) != STATUS_OK) {
        said |= SHORT; /* they do not know yet that they are an auditor */
        return;
    }
    (void)inproc_run(&auditor);
    never(pass(&auditor, 3) <= ASKS_A_MINUTE_MAX + 4, "the auditor asks in a loop");
    struct engine_state state;
    engine_state(auditor.engine, &state);
    struct query_verdict verdict;
    if (query_verdict(auditor.engine, ticket, &verdict) != STATUS_OK) {
        said |= SHORT;
        return;
    }
    said |= verdict.status != STATUS_OK ? GAP_LOG : 0;
}

/* In a process of its own, which damage may end. */
static void try_flip(const char *folder, uint64_t bit, const struct hash *before)
{
    struct inproc server = scene.server;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/data.mdb", folder);
    const int file = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;
    assert_true(file >= 0 && pread(file, &byte, 1, (off_t)(bit / 8)) == 1);
    byte ^= (uint8_t)(1u << bit % 8);
    assert_int_equal(pwrite(file, &byte, 1, (off_t)(bit / 8)), 1);
    (void)close(file);
    (void)snprintf(path, sizeof path, "%s/data", folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30};
    enum status status = db_open(path, &options, &server.db);
    if (status != STATUS_OK) {
        _exit(USED | FOUND | NO_START);
    }
    struct hash after;
    struct hash authority_after;
    digest(server.db, &after, &authority_after);
    said |= ID_EQUAL(&after, before) ? 0 : USED;
    authority_hit = !ID_EQUAL(&authority_after, &authority);
    const struct fsck_header header = {header_hashes, NULL};
    struct fsck_report report;
    said |= fsck_run(server.db, &header, &report) == STATUS_OK ? 0 : FOUND;
    memcpy(first_fault, report.first, sizeof first_fault);
    struct public_key login_public;
    login_key_public(server.login_key, &login_public);
    status = core_open(server.db, &login_public, server.now_ms, &server.core);
    if (status != STATUS_OK) {
        _exit(said | FOUND | NO_START); /* fsck folds them too, beside fsck_run */
    }
    inproc_sign(&server);
    read_all(&server);
    audit(&server);
    _exit(said);
}

struct tally {
    size_t tried, used, found, no_start, shorter, gap_log, ended, failed;
};

static void one(struct tally *tally, uint64_t bits, uint64_t random, const struct hash *before)
{
    char folder[sizeof scene.server.folder + 2];
    (void)snprintf(folder, sizeof folder, "%s-t", scene.server.folder);
    char command[512];
    (void)snprintf(command, sizeof command,
                   "rm -rf '%s' && mkdir -p '%s/data' && cp --sparse=always '%s/data/data.mdb' "
                   "'%s/data/'",
                   folder, folder, scene.server.folder, folder);
    assert_int_equal(system(command), 0);
    (void)fflush(NULL);
    const uint64_t bit = random % bits;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
        try_flip(folder, bit, before);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    tally->tried++;
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) >= 64) {
        tally->ended++;
        print_message("  bit %llu: the process ended (%d)\n", (unsigned long long)bit, ended);
        return;
    }
    const int told = WEXITSTATUS(ended);
    tally->used += (told & USED) != 0 ? 1 : 0;
    tally->found += (told & USED) != 0 && (told & FOUND) != 0 ? 1 : 0;
    tally->no_start += (told & NO_START) != 0 ? 1 : 0;
    tally->shorter += (told & SHORT) != 0 ? 1 : 0;
    tally->gap_log += (told & GAP_LOG) != 0 ? 1 : 0;
    tally->failed += (told & FAILED_IT) != 0 ? 1 : 0;
    const bool unseen = (told & USED) != 0 && (told & FOUND) == 0;
    if (unseen || (told & FAILED_IT) != 0) {
        print_message("  bit %llu: %s\n", (unsigned long long)bit,
                      unseen ? "fsck does not find it" : "see above");
    }
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* The file is longer than its used part. */
static uint64_t used_bytes(void)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/data.mdb", scene.server.folder);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    static uint8_t page[4096];
    uint64_t used = 0;
    uint64_t at = 0;
    for (size_t size; (size = fread(page, 1, sizeof page, file)) > 0; at += size) {
        for (size_t i = 0; i < size; i++) {
            used = page[i] != 0 ? at + i + 1 : used;
        }
    }
    (void)fclose(file);
    return used;
}

static void test_flipped_bits(void **state)
{
    (void)state;
    const uint64_t seed = number_of("ALCOVE_FLIPS_SEED", 5);
    const uint64_t wanted = number_of("ALCOVE_FLIPS", 200);
    print_message("ALCOVE_FLIPS_SEED=%llu, %zu texts in %zu sections\n", (unsigned long long)seed,
                  truth_count, section_count);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data", scene.server.folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30};
    struct db *db = NULL;
    OK(db_open(path, &options, &db));
    struct hash before;
    digest(db, &before, &authority);
    db_close(db);
    const uint64_t bits = used_bytes() * 8u;
    uint64_t random = seed;
    struct tally tally = {0};
    while (tally.used < wanted && tally.tried < wanted * TRIES_MAX) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        one(&tally, bits, random >> 17, &before);
    }
    print_message("%zu bits flipped, %zu of them in used bytes: fsck found %zu; the server did not "
                  "start for %zu, ended for %zu; short for the reader %zu, told to the auditor "
                  "%zu; never to be: %zu\n",
                  tally.tried, tally.used, tally.found, tally.no_start, tally.ended, tally.shorter,
                  tally.gap_log, tally.failed);
    assert_true(tally.used >= wanted);
    assert_int_equal(tally.found, tally.used);
    assert_int_equal(tally.failed, 0);
    assert_int_equal(tally.ended, 0);
}

int main(void)
{
    dice_install();
    dice_keys(1, 0);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_flipped_bits)};
    return cmocka_run_group_tests(tests, open_practice, close_practice);
}
