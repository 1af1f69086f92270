/*
 * Access that ends while it is being used. A reader is logged in, subscribed, and half way
 * through a section of several MB that they read slowly, when their access ends: by a
 * revocation, the end of a relation, the clock, a suspension, the loss of the device. From the
 * moment that whoever ended it is told so, no more than what was already under way reaches the
 * reader; nothing is pushed; nothing is served; and what is written later they cannot open
 * with all that the server holds.
 */
#include "tests/support/cast.h"
#include "tests/support/leaver.h"
#include "tests/support/live_server.h"

#include "client/wire/wire_internal.h"
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/test.h"

#define NOTES      36u
#define NOTE_BYTES 200000u
#define HOUR_MS    3600000u

/* One message that the server had made but not yet handed to its kernel, and one that our
 * own TLS had taken but not yet given out; with their headers. */
#define UNDER_WAY_BYTES (2u * 16384u)

static struct live live;
static struct live_person admin, owner, client;
static struct live_person reader, unrelated, timed, suspended, robbed, robbed_second;
static struct mirror mirror;
static struct chart_id chart;
static struct section_id section;
static uint64_t section_bytes;

static void write_big(void)
{
    static char words[NOTE_BYTES];
    uint64_t ticket = 0;
    for (unsigned i = 0; i < NOTES; i++) {
        memset(words, (int)('a' + i % 26u), sizeof words);
        (void)cast_write_later(&owner, &section, NULL, span_of(words, sizeof words), &ticket);
    }
    live_done(&owner, ticket);
    live_sync(&owner);
    section_bytes = (uint64_t)NOTES * NOTE_BYTES;
}

static void invite_reader(const char *name, struct live_person *out)
{
    cast_invite(&admin, ROLE_THERAPIST, name, out);
    live_sync(&owner);
}

static int start(void **state)
{
    (void)state;
    live_start(&live);
    live_join(&live, live.admin_code, &admin);
    live_sync(&admin);
    cast_invite(&admin, ROLE_THERAPIST, "Olga", &owner);
    cast_delegate(&admin, &owner);
    cast_invite(&owner, ROLE_CLIENT, "Cleo", &client);
    (void)cast_relate(&admin, &client, &owner, RELATION_TREATS);
    section = cast_section(&owner, CLASS_PROGRESS, &chart, &client);
    write_big();
    invite_reader("Rita", &reader);
    invite_reader("Urs", &unrelated);
    invite_reader("Timo", &timed);
    invite_reader("Susi", &suspended);
    invite_reader("Robin", &robbed);
    cast_device(&robbed, &robbed_second);
    mirror_open(&live, &mirror);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    mirror_close(&mirror);
    live_stop(&live);
    return 0;
}

/* ---- the reader, half way */

/* Bytes in kernel buffers, both ways and both ends, of all connections to the server; those
 * of everybody but the reader are empty by then. */
static uint64_t kernel_bytes(void)
{
    FILE *in = fopen("/proc/net/tcp", "r");
    assert_non_null(in);
    char line[512];
    uint64_t bytes = 0;
    while (fgets(line, sizeof line, in) != NULL) {
        unsigned local = 0;
        unsigned remote = 0;
        unsigned out = 0;
        unsigned waiting = 0;
        if (sscanf(line, " %*u: %*8x:%4x %*8x:%4x %*2x %8x:%8x", &local, &remote, &out, &waiting) ==
                4 &&
            (local == live.port || remote == live.port)) {
            bytes += (uint64_t)out + waiting;
        }
    }
    (void)fclose(in);
    return bytes;
}

static bool some_came(void *state)
{
    const struct live_person *person = state;
    return person->reply.chunks > 2 || person->closed;
}

/* Logged in, idle, subscribed; then a page past the engine, of which a few chunks are read. */
static void read_half(struct live_person *person)
{
    Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
    live_sync(person);
    person->raw = true;
    struct request_id id;
    random_bytes(id.bytes, sizeof id.bytes);
    ask.section = field_of(section.bytes, ID_BYTES);
    ask.from = 1;
    mirror_update(&mirror);
    ask.purpose = mirror_purpose(&mirror, &person->content.member, &section);
    uint8_t bytes[128];
    size_t size = 0;
    OK(message_pack_into(&ask.base, bytes, sizeof bytes, &size));
    (void)live_ask_bytes(person, OP_PAGE, &id, span_of(bytes, size), false);
    assert_true(live_until(&live, some_came, person));
    assert_false(person->closed);
    assert_int_equal(person->reply.status, STATUS_OK);
    person->asleep = true;
    live_rest(&live, 300); /* the server fills what buffers there are */
}

struct quiet {
    struct live_person *person;
    uint64_t frames;
    unsigned still;
};

static bool is_quiet(void *state)
{
    struct quiet *quiet = state;
    bool same = quiet->frames == quiet->person->frames;
    quiet->still = same ? quiet->still + 1u : 0u;
    quiet->frames = quiet->person->frames;
    return quiet->still > 500 || quiet->person->closed;
}

/* Access has ended and whoever ended it knows. |cut|: the connection must be closed. */
static void assert_stream_stops(struct live_person *person, bool cut, const char *how)
{
    uint64_t under_way = kernel_bytes() + post_waiting_bytes(&person->wire->post);
    uint64_t before = person->bytes;
    struct quiet quiet = {.person = person};
    person->asleep = false;
    assert_true(live_until(&live, is_quiet, &quiet));
    uint64_t after = person->bytes - before;
    print_message("%s: %llu kB in the kernel's buffers and our wire, %llu kB came, of %llu kB "
                  "asked for; %s\n",
                  how, (unsigned long long)(under_way / 1000u), (unsigned long long)(after / 1000u),
                  (unsigned long long)(section_bytes / 1000u),
                  person->closed ? "closed" : "stopped");
    assert_in_range(after, 0, under_way + UNDER_WAY_BYTES);
    assert_true(person->reply.chunk_bytes < section_bytes * 3u / 4u);
    assert_int_equal(person->closed, cut);
    assert_true(cut || person->reply.stopped);
}

/* Nothing is pushed, the section is as absent as one that never was, and what the owner now
 * writes is under a key that the leaver does not get. */
static void assert_nothing_more(struct live_person *person, bool cut, uint64_t first_later)
{
    uint64_t pushes = person->pushes;
    (void)cast_write(&owner, &section, NULL, span_of("later", 5));
    if (!cut) {
        Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
        ask.section = field_of(section.bytes, ID_BYTES);
        ask.from = 1;
        live_rest(&live, 300);
        assert_int_equal(person->pushes, pushes);
        struct live_reply *reply = live_ask(person, OP_PAGE, &ask.base);
        assert_int_equal(reply->status, STATUS_REFUSED);
        assert_int_equal(reply->size, 0);
    }
    struct leaver_count count;
    leaver_try(&mirror, person, &section, 1, &count);
    assert_true(count.opened >= NOTES); /* what was theirs to read: the trying works */
    leaver_try(&mirror, person, &section, first_later, &count);
    assert_true(count.revisions > 0);
    assert_int_equal(count.opened, 0);
    leaver_try(&mirror, &owner, &section, first_later, &count);
    assert_int_equal(count.opened, count.revisions);
}

static uint64_t next_number(void)
{
    uint64_t number = 0;
    struct hash head;
    mirror_head(&mirror, &section, &number, &head);
    return number + 1u;
}

static struct hash admit(struct live_person *person, uint64_t until_ms)
{
    struct hash relation = cast_relate(&admin, &client, person, RELATION_TREATS);
    live_sync(&owner);
    cast_grant(&owner, &section, person, RIGHT_READ, until_ms);
    return relation;
}

/* Goal and method: above, by the owner's revocation. */
static void test_revoked_grant(void **state)
{
    (void)state;
    (void)admit(&reader, 0);
    read_half(&reader);
    uint64_t later = next_number();
    uint64_t ticket = 0;
    OK(act_revoke(owner.engine, &section, &reader.content.member, live_now_ms(&live), &ticket));
    live_done(&owner, ticket);
    assert_stream_stops(&reader, false, "revoked");
    assert_nothing_more(&reader, false, later);
    /* The engine takes it without an alarm, and keeps what it had. */
    live_disconnect(&reader);
    live_sync(&reader);
    struct view_section seen;
    OK(view_section(reader.engine, &section, &seen));
    assert_true(seen.ended);
}

/* Goal and method: above, by the admin's end of the relation. */
static void test_ended_relation(void **state)
{
    (void)state;
    struct hash relation = admit(&unrelated, 0);
    read_half(&unrelated);
    uint64_t later = next_number();
    cast_unrelate(&admin, &relation);
    assert_stream_stops(&unrelated, false, "relation ended");
    live_sync(&owner);
    assert_nothing_more(&unrelated, false, later);
}

/* Goal and method: above, by suspension: the connection ends, and a new one is told why. */
static void test_suspended_member(void **state)
{
    (void)state;
    (void)admit(&suspended, 0);
    read_half(&suspended);
    uint64_t later = next_number();
    uint64_t ticket = 0;
    OK(act_suspend(admin.engine, &suspended.content.member, false, NULL, live_now_ms(&live),
                   &ticket));
    live_done(&admin, ticket);
    assert_stream_stops(&suspended, true, "suspended");
    live_sync(&owner);
    assert_nothing_more(&suspended, true, later);
    assert_false(live_try_connect(&suspended));
    struct engine_state now;
    engine_state(suspended.engine, &now);
    assert_int_equal(now.phase, ENGINE_STOPPED);
    assert_int_equal(now.why, STATUS_SUSPENDED);
}

/* Goal and method: above, by the loss of one device of two: that one's connection ends and it
 * cannot come back; the other stays and reads what comes later. */
static void test_revoked_device(void **state)
{
    (void)state;
    (void)admit(&robbed, 0);
    live_sync(&robbed_second);
    read_half(&robbed_second);
    uint64_t later = next_number();
    uint64_t ticket = 0;
    OK(act_device_revoke(robbed.engine, &robbed.content.member,
                         &robbed_second.content.device_statement, live_now_ms(&live), &ticket));
    live_done(&robbed, ticket);
    assert_stream_stops(&robbed_second, true, "device revoked");
    live_sync(&owner);
    assert_nothing_more(&robbed_second, true, later);
    assert_false(live_try_connect(&robbed_second));
    struct engine_state now;
    engine_state(robbed_second.engine, &now);
    assert_int_equal(now.phase, ENGINE_STOPPED);
    assert_int_equal(now.why, STATUS_REFUSED);
    live_sync(&robbed);
    assert_non_null(strstr(cast_texts(&robbed, &section), "[later]"));
}

#ifdef ALCOVE_TEST_HOOKS
/* Goal and method: above, by the clock: a grant until a time, and the server's clock passes
 * it. Nobody is told, so we wait for the entry that the server makes of it. Last, since
 * everybody's clock moves. */
static bool has_ended(void *state)
{
    return next_number() > *(const uint64_t *)state;
}
static void test_grant_ended_by_the_clock(void **state)
{
    (void)state;
    (void)admit(&timed, live_now_ms(&live) + HOUR_MS);
    read_half(&timed);
    uint64_t later = next_number();
    live_set_clock(&live, 2 * (int64_t)HOUR_MS);
    live_server_accept_clock(&live);
    assert_true(live_until(&live, has_ended, &later));
    live_rest(&live, 100); /* from its commit to its effect */
    assert_stream_stops(&timed, false, "ended by the clock");
    live_sync(&owner);
    assert_nothing_more(&timed, false, later);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_revoked_grant),
        cmocka_unit_test(test_ended_relation),
        cmocka_unit_test(test_suspended_member),
        cmocka_unit_test(test_revoked_device),
#ifdef ALCOVE_TEST_HOOKS
        cmocka_unit_test(test_grant_ended_by_the_clock),
#endif
    };
    return cmocka_run_group_tests(tests, start, stop);
}
