/*
 * Tries of the authority against a model that is a list: what was said, in order.
 *
 * Random statements that fit where the practice stands, right and wrong ones of every type, ends
 * by the clock, and tries begun, kept and dropped within each other. Dropping must give back the
 * digest from before the try, a refusal and a want of memory that from before the statement, and
 * a new authority that is told the list must know the same facts.
 */
#include "tests/fuzz/world.h"
#include "tests/support/authority_digest.h"
#include "tests/support/test.h"

#define RUNS        128u
#define STEPS       700u
#define SAID_MAX    (2u * STEPS)
#define DEPTH_MAX   (AUTHORITY_TRIES_MAX - 1u) /* applying needs one of its own */
#define START_MS    1700000000000u
#define TYPES       26u
#define ENDINGS_MAX 8u
#define ROOT        0x80u

/* ---------------------------------------------------------------- memory that runs out */

static size_t fail_at; /* which allocation from now on fails; 0: none */

static bool fails(void)
{
    return fail_at > 0 && --fail_at == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return fails() ? NULL : __real_reallocarray(old, count, size);
}

/* ---------------------------------------------------------------- the model */

struct said {
    enum { SAID_STATEMENT, SAID_ENDED, SAID_ASKED } kind;
    struct span bytes;
    uint64_t seq;
    uint64_t time_ms;
    struct section_id section;
    struct hash grant;
};

struct open_try {
    struct hash digest;
    size_t said_count;
    uint64_t seq;
};

struct run {
    struct authority *authority;
    uint64_t random;
    uint64_t now_ms;
    uint64_t seq;
    struct said said[SAID_MAX];
    size_t said_count;
    struct open_try tries[DEPTH_MAX];
    size_t depth;
    size_t taken[TYPES];
    size_t refused;
    size_t starved;
    size_t dropped;
    size_t ended;
};

static uint32_t next(struct run *run, uint32_t below)
{
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return (uint32_t)((run->random >> 16) % below);
}

static struct hash digest_of(const struct run *run)
{
    struct hash digest;
    authority_digest(run->authority, &digest);
    return digest;
}

static void assert_same(const struct run *run, const struct hash *before)
{
    struct hash after = digest_of(run);
    assert_memory_equal(before->bytes, after.bytes, HASH_BYTES);
}

static struct said *say(struct run *run, struct said said)
{
    assert_true(run->said_count < SAID_MAX);
    run->said[run->said_count] = said;
    return &run->said[run->said_count++];
}

static void unsay(struct run *run, size_t count)
{
    while (run->said_count > count) {
        union {
            const uint8_t *data;
            void *owned;
        } bytes = {.data = run->said[--run->said_count].bytes.data};
        free(bytes.owned);
    }
}

/* ---------------------------------------------------------------- steps */

/* Applied with every allocation failing in turn, until none is left to fail. */
static void take(struct run *run, const struct statement *statement, const struct hash *before)
{
    struct authority_result result;
    enum status status = STATUS_NO_MEMORY;
    for (size_t n = 1; status == STATUS_NO_MEMORY; n++) {
        struct authority_judgement judgement;
        assert_int_equal(authority_judge(run->authority, statement, run->seq, run->now_ms,
                                         AUTHORITY_VERIFIED, &result, &judgement),
                         STATUS_OK);
        fail_at = n;
        status = authority_apply(&judgement);
        fail_at = 0;
        if (status == STATUS_NO_MEMORY) {
            run->starved++;
            assert_same(run, before);
        }
    }
    assert_int_equal(status, STATUS_OK);
    run->taken[statement->rule->type]++;
}

static void tell(struct run *run, const struct world_ask *ask)
{
    struct span bytes = world_statement(run->authority, ask, run->now_ms);
    struct hash before = digest_of(run);
    struct statement statement;
    enum status status = statement_parse(bytes, authority_practice(run->authority), &statement);
    struct authority_result result;
    struct authority_judgement judgement;
    if (status == STATUS_OK) {
        status = authority_judge(run->authority, &statement, run->seq, run->now_ms,
                                 AUTHORITY_VERIFIED, &result, &judgement);
    }
    assert_same(run, &before);
    struct said *said = say(
        run, (struct said){
                 .kind = SAID_STATEMENT, .bytes = bytes, .seq = run->seq, .time_ms = run->now_ms});
    if (status == STATUS_OK) {
        take(run, &statement, &before);
        run->seq++;
    } else {
        assert_int_equal(authority_admit(run->authority, said->bytes, run->seq, run->now_ms,
                                         AUTHORITY_VERIFIED, &result),
                         status);
        assert_same(run, &before);
        unsay(run, run->said_count - 1u);
        run->refused++;
    }
    statement_free(&statement);
}

/* Members: 0 admin, 1 and 2 therapists, 3 client, 4 auditor. Two sections of the client's chart,
 * one of them shared, and a directory. */
static void found(struct run *run)
{
    static const struct world_ask asks[] = {
        {.type = STATEMENT_GENESIS, .signer = ROOT},
        {.type = STATEMENT_SERVER_KEYS, .signer = ROOT, .value = 1},
        {.type = STATEMENT_INVITATION, .signer = ROOT, .subject = 0, .value = ROLE_ADMIN},
        {.type = STATEMENT_ENROLMENT, .subject = 0},
        {.type = STATEMENT_INVITATION, .signer = ROOT, .subject = 4, .value = ROLE_AUDITOR},
        {.type = STATEMENT_ENROLMENT, .subject = 4},
        {.type = STATEMENT_INVITATION, .subject = 1, .value = ROLE_THERAPIST},
        {.type = STATEMENT_ENROLMENT, .subject = 1},
        {.type = STATEMENT_INVITATION, .subject = 2, .value = ROLE_THERAPIST},
        {.type = STATEMENT_ENROLMENT, .subject = 2},
        {.type = STATEMENT_DELEGATION, .subject = 1},
        {.type = STATEMENT_INVITATION, .signer = 1, .subject = 3, .value = ROLE_CLIENT},
        {.type = STATEMENT_ENROLMENT, .subject = 3},
        {.type = STATEMENT_RELATION, .subject = 3, .value = 13}, /* 1 treats */
        {.type = STATEMENT_SECTION,
         .signer = 1,
         .subject = 3,
         .section = 0,
         .value = CLASS_PROCESS},
        {.type = STATEMENT_EPOCH, .signer = 1, .section = 0},
        {.type = STATEMENT_SECTION, .signer = 1, .subject = 3, .section = 1, .value = CLASS_SHARED},
        {.type = STATEMENT_GRANT,
         .signer = 1,
         .subject = 3,
         .section = 1,
         .value = 3,
         .option = WORLD_WITH_END},
        {.type = STATEMENT_EPOCH, .signer = 1, .section = 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
        tell(run, &asks[i]);
    }
    assert_int_equal(run->refused, 0);
}

/* The admin speaks of members, the therapists and the client of sections; and anybody, one time
 * in eight. */
static void step_statement(struct run *run)
{
    struct world_ask ask = {
        .type = (uint8_t)(1u + next(run, TYPES - 1u)),
        .subject = (uint8_t)next(run, WORLD_MEMBERS),
        .section = (uint8_t)next(run, WORLD_SECTIONS),
        .value = (uint8_t)next(run, 256),
        .option = (uint8_t)(next(run, 2) * WORLD_WITH_END + next(run, 2) * WORLD_NEWER_DEVICE),
    };
    const struct statement_rule *rule = statement_rule(ask.type);
    if (rule == NULL) {
        return;
    }
    ask.signer = rule->subject == STATEMENT_OF_SECTION ? (uint8_t)(1u + next(run, 3)) : 0;
    if (ask.type == STATEMENT_GRANT) {
        static const uint8_t values[] = {1, 3, 64, 66}; /* rights % 9, history from >> 6 */
        ask.value = values[next(run, ARRAY_LEN(values))];
    } else if (ask.type == STATEMENT_RESEAL) {
        ask.value = (uint8_t)next(run, 2);
        ask.option = WORLD_NEWER_DEVICE | WORLD_WRONG_LIST; /* not to the signing device itself */
    }
    if (next(run, 8) == 0) {
        ask.signer = (uint8_t)next(run, WORLD_MEMBERS) | (next(run, 2) == 0 ? ROOT : 0);
        ask.option = (uint8_t)next(run, 32);
    }
    tell(run, &ask);
}

static void step_clock(struct run *run)
{
    run->now_ms += (uint64_t)next(run, 4) * 21600000u; /* ends are a day ahead */
    struct authority_ending endings[ENDINGS_MAX];
    size_t count = authority_endings(run->authority, run->now_ms, endings, ENDINGS_MAX);
    (void)say(run, (struct said){.kind = SAID_ASKED, .time_ms = run->now_ms});
    if (count > 0) {
        struct said *said = say(run, (struct said){.kind = SAID_ENDED,
                                                   .section = endings[0].section->id,
                                                   .grant = endings[0].grant->statement});
        assert_int_equal(authority_mark_ended(run->authority, &said->section, &said->grant),
                         STATUS_OK);
        run->ended++;
    }
}

static void step_begin(struct run *run)
{
    if (run->depth < DEPTH_MAX) {
        run->tries[run->depth++] = (struct open_try){digest_of(run), run->said_count, run->seq};
        authority_try_begin(run->authority);
    }
}

static void step_end(struct run *run, bool keep)
{
    if (run->depth == 0) {
        return;
    }
    const struct open_try *ended = &run->tries[--run->depth];
    struct hash before = digest_of(run);
    if (keep) {
        authority_try_keep(run->authority);
        assert_same(run, &before);
        return;
    }
    authority_try_drop(run->authority);
    assert_same(run, &ended->digest);
    run->dropped += run->said_count - ended->said_count;
    unsay(run, ended->said_count);
    run->seq = ended->seq;
}

static void step(struct run *run)
{
    switch (next(run, 24)) {
    case 0:
    case 1:
        step_begin(run);
        break;
    case 2:
        step_end(run, true);
        break;
    case 3:
    case 4:
        step_end(run, false);
        break;
    case 5:
        step_clock(run);
        break;
    default:
        step_statement(run);
    }
}

/* A new authority that is told what the list holds. */
static void compare(const struct run *run)
{
    struct authority *again = NULL;
    assert_int_equal(authority_new(NULL, AUTHORITY_KEEP_SEALS, &again), STATUS_OK);
    struct authority_ending endings[ENDINGS_MAX];
    for (size_t i = 0; i < run->said_count; i++) {
        const struct said *said = &run->said[i];
        struct authority_result result;
        if (said->kind == SAID_STATEMENT) {
            assert_int_equal(authority_admit(again, said->bytes, said->seq, said->time_ms,
                                             AUTHORITY_VERIFIED, &result),
                             STATUS_OK);
        } else if (said->kind == SAID_ENDED) {
            assert_int_equal(authority_mark_ended(again, &said->section, &said->grant), STATUS_OK);
        } else {
            (void)authority_endings(again, said->time_ms, endings, ENDINGS_MAX);
        }
    }
    struct hash first;
    authority_facts_digest(run->authority, &first);
    struct hash second;
    authority_facts_digest(again, &second);
    assert_memory_equal(first.bytes, second.bytes, HASH_BYTES);
    authority_free(again);
}

/* Goal: tries, refusals and want of memory leave what the list says. Method: as above; every type
 * must have been taken, refused, starved and dropped somewhere. */
static void test_tries_against_a_list(void **state)
{
    (void)state;
    static struct run run;
    size_t taken[TYPES] = {0};
    size_t refused = 0;
    size_t starved = 0;
    size_t dropped = 0;
    size_t ended = 0;
    for (uint64_t seed = 1; seed <= RUNS; seed++) {
        run = (struct run){.random = seed * 0x9e3779b97f4a7c15u, .now_ms = START_MS};
        assert_int_equal(authority_new(NULL, AUTHORITY_KEEP_SEALS, &run.authority), STATUS_OK);
        found(&run);
        for (size_t i = 0; i < STEPS; i++) {
            step(&run);
            if (i % 100u == 99u) {
                compare(&run);
            }
        }
        /* With tries open or not: freeing takes all. */
        unsay(&run, 0);
        authority_free(run.authority);
        for (size_t i = 0; i < TYPES; i++) {
            taken[i] += run.taken[i];
        }
        refused += run.refused;
        starved += run.starved;
        dropped += run.dropped;
        ended += run.ended;
    }
    for (uint32_t type = 1; type < TYPES; type++) {
        if (statement_rule(type) != NULL) {
            print_message("%s: %zu taken\n", statement_rule(type)->name, taken[type]);
            assert_true(taken[type] > 0);
        }
    }
    print_message("%zu refused, %zu starved, %zu dropped, %zu ended\n", refused, starved, dropped,
                  ended);
    assert_true(refused > 0 && starved > 0 && dropped > 0 && ended > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tries_against_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
