/*
 * A disk that flips bits. Goal: whatever bit of the server's database is another, nothing false is
 * shown, fsck finds it, nobody asks in a loop, and all sections that it does not lie in are read.
 * Method: bits at random places of the file, one at a time, each in a copy and in a process of its
 * own, with a reader and an auditor who have nothing but their keys. A walk of its own tells what is used.
 *
 * Where there is no second copy, the promise is smaller, as SECURITY.md says; the test judges by it and
 * counts: a lost page costs what lies below it; and the server does not start without its statements,
 * its counters, the nodes that later roots of its logs rest on, LMDB's first two pages, its list of tables
 * and its list of free pages.
 *
 * ALCOVE_FLIPS       how many bits that lie in used bytes (default 200)
 * ALCOVE_FLIPS_SEED  which bits; drawn anew by each run, which prints it
 * ALCOVE_FLIPS_BIT   this one bit alone, as a run names it
 */
#include "tests/hostile/flips.h"
#include "tests/hostile/gaps.h"
#include "tests/hostile/kit.h"
#include "tests/sim/dice.h"
#include "tests/support/test.h"

#include "client/engine/exchange/inside.h"
#include "keys/public/hash.h"
#include "server/store/fsck.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
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

/* What a trial found. */
enum {
    USED = 1,        /* the bit lies in what the tables hold */
    FOUND = 2,       /* fsck says so */
    NO_START = 4,    /* the server does not start: nobody is shown anything */
    SHORT = 8,       /* some section of the reader is not whole */
    GAP_LOG = 16,    /* the auditor was told of damage */
    LOST = 32,       /* rows lie below a damaged page */
    ALL_LOST = 64,   /* what stands for everything is damaged */
    FAILED_IT = 128, /* what may never be; said on standard output */
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
    struct db_options options = {.map_bytes = (uint64_t)1 << 30, .check = true};
    OK(db_open(path, &options, &scene.server.db));
    inproc_person_free(&auditor);
    scene_close(&scene);
    return 0;
}

/* ---------------------------------------------------------------- one flipped bit */

static struct hash authority; /* digest of the tables that hold it */
static bool authority_hit;
static char first_fault[FSCK_WHERE_BYTES_MAX];
static int *told; /* in memory that the trial's process shares; 0 in between */

static void never(bool right, const char *what)
{
    if (!right) {
        print_message("  NEVER: %s\n", what);
        (void)fflush(stdout);
        *told |= FAILED_IT;
    }
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

static void read_all(struct inproc *server)
{
    struct inproc_person *reader = &scene.therapist;
    bool hit[SECTIONS_MAX];
    for (size_t i = 0; i < section_count; i++) {
        hit[i] = flips_hit(server->db, &sections[i]);
    }
    reader->server = server;
    gaps_empty_cache(reader);
    engine_sync(reader->engine);
    (void)inproc_run(reader);
    for (int second = 0; second < 20; second++) {
        server->now_ms += 1000;
        (void)inproc_run(reader);
    }
    /* Sections that stop one after another hold up the others for a while. */
    never(pass(reader, 3) <= ASKS_A_MINUTE_MAX, "the reader asks in a loop");
    struct engine_state state;
    engine_state(reader->engine, &state);
    for (size_t i = 0; i < section_count; i++) {
        struct reading reading = {0};
        enum status status =
            view_revisions(reader->engine, &sections[i], NULL, check_text, &reading);
        bool all = status == STATUS_OK && reading.texts == whole[i];
        *told |= all ? 0 : SHORT;
        if (!all && !hit[i] && !authority_hit) {
            print_message("  section %zu: %zu of %zu texts (%s), phase %d (%s), %zu behind, %zu "
                          "stopped; fsck: %s\n",
                          i, reading.texts, whole[i], status_name(status), (int)state.phase,
                          status_name(state.why), state.sections_behind, state.sections_stopped,
                          first_fault);
        }
        never(all || hit[i] || authority_hit, "a section that is whole was not read");
    }
    char name[VIEW_NAME_BYTES_MAX];
    view_name(reader->engine, &scene.client.content.member, name);
    never(strcmp(name, names[0]) == 0 || strlen(name) == 8, "a person has a false name");
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
        *told |= SHORT; /* they do not know yet that they are an auditor */
        return;
    }
    (void)inproc_run(&auditor);
    never(pass(&auditor, 3) <= ASKS_A_MINUTE_MAX, "the auditor asks in a loop");
    struct engine_state state;
    engine_state(auditor.engine, &state);
    struct query_verdict verdict;
    if (query_verdict(auditor.engine, ticket, &verdict) != STATUS_OK) {
        *told |= SHORT;
        return;
    }
    *told |= verdict.status != STATUS_OK ? GAP_LOG : 0;
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
    struct db_damage *damage = calloc(1, sizeof *damage);
    assert_non_null(damage);
    struct db_options options = {
        .map_bytes = (uint64_t)1 << 30, .check = true, .out_damage = damage};
    enum status status = db_open(path, &options, &server.db);
    if (status != STATUS_OK) {
        /* Of the counters there is no second copy either: no transaction begins without them. */
        never(damage->nothing || damage->faults == 0 || strstr(damage->first, "meta") != NULL,
              "a database with damage that can be told apart is not opened");
        *told |= USED | FOUND | NO_START | ALL_LOST;
        _exit(0);
    }
    for (size_t i = 0; i < damage->hole_count; i++) {
        *told |= damage->holes[i].lost ? LOST : 0;
    }
    struct hash after;
    struct hash authority_after;
    flips_digest(server.db, &after, &authority_after);
    *told |= ID_EQUAL(&after, before) ? 0 : USED;
    authority_hit = !ID_EQUAL(&authority_after, &authority);
    const struct fsck_header header = {flips_header_hashes, NULL};
    struct fsck_report report;
    *told |= fsck_run(server.db, &header, &report) == STATUS_OK ? 0 : FOUND;
    memcpy(first_fault, report.first, sizeof first_fault);
    struct public_key login_public;
    login_key_public(server.login_key, &login_public);
    const bool goes_on = flips_log_goes_on(server.db);
    status = core_open(server.db, &login_public, server.now_ms, &server.core);
    if (status != STATUS_OK) {
        if (!authority_hit && goes_on) {
            print_message("  %s; fsck: %s\n", status_name(status), first_fault);
        }
        never(authority_hit || !goes_on, "a server with all its statements does not start");
        *told |= FOUND | NO_START; /* fsck folds them too, beside fsck_run */
        _exit(0);
    }
    inproc_sign(&server);
    read_all(&server);
    audit(&server);
    _exit(0);
}

struct tally {
    size_t tried, used, found, no_start, all_lost, lost, shorter, gap_log, ended, failed;
};

static void one(struct tally *tally, uint64_t bit, const struct hash *before)
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
    *told = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
        try_flip(folder, bit, before);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    tally->tried++;
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0) {
        tally->ended++;
        print_message("  bit %llu: the process ended (%d)\n", (unsigned long long)bit, ended);
        return;
    }
    const bool used = (*told & USED) != 0;
    const bool found = (*told & FOUND) != 0;
    tally->used += used ? 1 : 0;
    tally->found += used && found ? 1 : 0;
    tally->no_start += (*told & NO_START) != 0 ? 1 : 0;
    tally->all_lost += (*told & ALL_LOST) != 0 ? 1 : 0;
    tally->lost += (*told & LOST) != 0 ? 1 : 0;
    tally->shorter += (*told & SHORT) != 0 ? 1 : 0;
    tally->gap_log += (*told & GAP_LOG) != 0 ? 1 : 0;
    tally->failed += (*told & FAILED_IT) != 0 ? 1 : 0;
    if ((used && !found) || (*told & FAILED_IT) != 0) {
        print_message("  bit %llu: %s\n", (unsigned long long)bit,
                      used && !found ? "fsck does not find it" : "see above");
    }
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

static void test_flipped_bits(void **state)
{
    (void)state;
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(told != MAP_FAILED);
    uint32_t drawn;
    assert_int_equal(getrandom(&drawn, sizeof drawn, 0), sizeof drawn); /* not from the dice */
    const uint64_t seed = number_of("ALCOVE_FLIPS_SEED", drawn);
    const uint64_t wanted = number_of("ALCOVE_FLIPS", 200);
    print_message("ALCOVE_FLIPS_SEED=%llu, %zu texts in %zu sections\n", (unsigned long long)seed,
                  truth_count, section_count);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data", scene.server.folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30, .check = true};
    struct db *db = NULL;
    OK(db_open(path, &options, &db));
    assert_null(db_damage(db)); /* before a bit is flipped */
    struct hash before;
    flips_digest(db, &before, &authority);
    db_close(db);
    (void)snprintf(path, sizeof path, "%s/data/data.mdb", scene.server.folder);
    const uint64_t bits = flips_used_bytes(path) * 8u;
    uint64_t random = seed;
    struct tally tally = {0};
    if (number_of("ALCOVE_FLIPS_BIT", UINT64_MAX) != UINT64_MAX) {
        one(&tally, number_of("ALCOVE_FLIPS_BIT", 0), &before);
        return;
    }
    while (tally.used < wanted && tally.tried < wanted * TRIES_MAX) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        one(&tally, (random >> 17) % bits, &before);
    }
    print_message(
        "%zu bits flipped, %zu of them in used bytes: fsck found %zu; the server did not "
        "start for %zu, %zu of them since nothing could be told apart, ended for %zu; a "
        "page was lost with %zu; short for the reader %zu, told to the auditor %zu; never "
        "to be: %zu\n",
        tally.tried, tally.used, tally.found, tally.no_start, tally.all_lost, tally.ended,
        tally.lost, tally.shorter, tally.gap_log, tally.failed);
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
