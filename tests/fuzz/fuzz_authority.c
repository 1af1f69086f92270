/*
 * The fold of statements: a practice is grown by the steps that the input asks for.
 *
 * At each step: a refusal changed nothing, and neither did what was tried and dropped; judging
 * says what admitting does; nobody holds what no grant may ever give them (decisions 2, 6, 13 and the policy). At the
 * end the same statements, fed again, give the same practice.
 */
#include "tests/fuzz/fuzz.h"

#include "keys/public/bytes/cursor.h"
#include "tests/fuzz/world.h"
#include "tests/support/authority_digest.h"

#define STEPS_MAX  96u
#define START_MS   1700000000000u
#define STEP_BYTES 6u

/* Beyond statement types: the clock moves on. */
#define STEP_CLOCK 63u

struct run {
    struct authority *authority;
    uint64_t now_ms;
    size_t admitted_count;
    struct span admitted[STEPS_MAX];
    uint64_t time_ms[STEPS_MAX];
};

static struct hash digest_of(const struct authority *authority)
{
    struct hash digest;
    authority_digest(authority, &digest);
    return digest;
}

static void free_span(struct span bytes)
{
    union {
        const uint8_t *data;
        void *owned;
    } made = {.data = bytes.data};
    free(made.owned);
}

/* What a role may at most ever hold, said here a second time and independent of the policy
 * table's code: admins and auditors read the staff's directory only, clients their own
 * chart's shared, journal and safety notes, therapists everything but others' process notes. */
static bool may_ever_hold(const struct authority_member *member,
                          const struct authority_section *section)
{
    uint32_t class = section->class;
    switch (member->role) {
    case ROLE_ADMIN:
    case ROLE_AUDITOR:
        return class == CLASS_DIRECTORY;
    case ROLE_CLIENT:
        return ID_EQUAL(&section->client, &member->id) &&
               (class == CLASS_SHARED || class == CLASS_JOURNAL || class == CLASS_SAFETY);
    default:
        return true;
    }
}

static void check_member_in(const struct run *run, const struct authority_member *member,
                            const struct authority_section *section)
{
    struct authority_when when = authority_now(run->now_ms);
    const struct authority_grant *grant = NULL;
    uint32_t rights = authority_rights(run->authority, section, member, when, &grant);
    bool reads = authority_may(run->authority, member, ACTION_READ, section->class, section, NULL,
                               when, NULL, NULL);
    bool writes = authority_may(run->authority, member, ACTION_WRITE, section->class, section, NULL,
                                when, NULL, NULL);
    CHECK(!reads || (rights & (uint32_t)RIGHT_READ) != 0);
    CHECK(!writes || (rights & (uint32_t)RIGHT_WRITE) != 0);
    if (rights == RIGHT_NONE) {
        return;
    }
    CHECK(authority_active(member, when));
    CHECK(may_ever_hold(member, section));
    CHECK(grant != NULL && ID_EQUAL(&grant->identity, &member->identity));
    CHECK((rights & ~grant->rights) == 0);
    CHECK(grant->until_ms == 0 || grant->until_ms > run->now_ms);
    CHECK(authority_sees_section(run->authority, member, section));
}

/* Everyone whom an epoch would be sealed to has rights now, and the list has one order. */
static void check_recipients(const struct run *run, const struct authority_section *section)
{
    struct authority_when when = authority_now(run->now_ms);
    size_t count = 0;
    struct authority_recipient list[EPOCH_SEALS_MAX];
    enum status status =
        authority_recipients(run->authority, section, when, list, ARRAY_LEN(list), &count);
    CHECK(status == STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        const struct authority_member *member = NULL;
        struct public_key key;
        CHECK(authority_recipient_key(run->authority, &list[i], &key, &member));
        CHECK(authority_rights(run->authority, section, member, when, NULL) != RIGHT_NONE);
        if (i > 0) {
            int order = memcmp(list[i - 1u].hash.bytes, list[i].hash.bytes, HASH_BYTES);
            CHECK(order < 0 || (order == 0 && list[i - 1u].kind < list[i].kind));
        }
    }
    /* Someone who is out but still holds the epoch's key means: no writes. */
    const struct authority_epoch *epoch = authority_epoch(section, when);
    bool closed = authority_closed(run->authority, section, when);
    for (size_t i = 0; epoch != NULL && i < epoch->recipient_count; i++) {
        bool in = false;
        for (size_t j = 0; j < count; j++) {
            in = in || ID_EQUAL(&list[j].hash, &epoch->recipients[i].hash);
        }
        CHECK(in || closed);
    }
}

static void check_all(const struct run *run)
{
    size_t members = authority_member_count(run->authority);
    for (size_t i = 0; i < authority_section_count(run->authority); i++) {
        const struct authority_section *section = authority_section_at(run->authority, i);
        for (size_t j = 0; j < members; j++) {
            check_member_in(run, authority_member_at(run->authority, j), section);
        }
        check_recipients(run, section);
    }
}

static void check_same(const struct run *run, const struct hash *before)
{
    struct hash after = digest_of(run->authority);
    CHECK(ID_EQUAL(before, &after));
}

static enum status run_judge(const struct run *run, struct span bytes)
{
    struct statement statement;
    enum status status = statement_parse(bytes, authority_practice(run->authority), &statement);
    struct authority_result result;
    struct authority_judgement judgement;
    if (status == STATUS_OK) {
        status = authority_judge(run->authority, &statement, run->admitted_count, run->now_ms,
                                 AUTHORITY_VERIFIED, &result, &judgement);
    }
    statement_free(&statement);
    return status;
}

/* True when it was taken in. */
static bool run_admit(struct run *run, struct span bytes)
{
    struct hash before = digest_of(run->authority);
    enum status judged = run_judge(run, bytes);
    check_same(run, &before);
    authority_try_begin(run->authority);
    struct authority_result result;
    CHECK(authority_admit(run->authority, bytes, run->admitted_count, run->now_ms,
                          AUTHORITY_VERIFIED, &result) == judged);
    if (judged == STATUS_OK) {
        check_all(run);
    }
    authority_try_drop(run->authority);
    check_same(run, &before);
    enum status status = authority_admit(run->authority, bytes, run->admitted_count, run->now_ms,
                                         AUTHORITY_VERIFIED, &result);
    CHECK(status == judged);
    if (status != STATUS_OK) {
        check_same(run, &before);
        free_span(bytes);
        return false;
    }
    struct hash after = digest_of(run->authority);
    CHECK(!ID_EQUAL(&before, &after));
    run->time_ms[run->admitted_count] = run->now_ms;
    run->admitted[run->admitted_count++] = bytes;
    CHECK(authority_admit(run->authority, bytes, run->admitted_count, run->now_ms,
                          AUTHORITY_VERIFIED, &result) == STATUS_ALREADY);
    return true;
}

static void run_step(struct run *run, struct world_ask *ask)
{
    if (ask->type == STEP_CLOCK) {
        run->now_ms += (uint64_t)ask->value * 3600000u;
        check_all(run);
    } else if (statement_rule(ask->type) != NULL &&
               run_admit(run, world_statement(run->authority, ask, run->now_ms))) {
        check_all(run);
    }
}

/* The log's order and times are all that a newcomer needs. */
static void run_again(const struct run *run)
{
    struct authority *again = NULL;
    CHECK(authority_new(NULL, AUTHORITY_KEEP_SEALS, &again) == STATUS_OK);
    struct authority_result result;
    for (size_t i = 0; i < run->admitted_count; i++) {
        CHECK(authority_admit(again, run->admitted[i], i, run->time_ms[i], AUTHORITY_VERIFIED,
                              &result) == STATUS_OK);
    }
    struct hash first;
    authority_facts_digest(run->authority, &first);
    struct hash second;
    authority_facts_digest(again, &second);
    CHECK(ID_EQUAL(&first, &second));
    authority_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.now_ms = START_MS};
    CHECK(authority_new(NULL, 0, &run.authority) == STATUS_OK);
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(data, size));
    for (size_t i = 0; i < STEPS_MAX && reader.left >= STEP_BYTES; i++) {
        struct world_ask ask;
        ask.type = cursor_read_u8(&reader) & 63u;
        ask.signer = cursor_read_u8(&reader);
        ask.subject = cursor_read_u8(&reader);
        ask.section = cursor_read_u8(&reader);
        ask.value = cursor_read_u8(&reader);
        ask.option = cursor_read_u8(&reader);
        run_step(&run, &ask);
    }
    run_again(&run);
    for (size_t i = 0; i < run.admitted_count; i++) {
        free_span(run.admitted[i]);
    }
    authority_free(run.authority);
    return 0;
}
