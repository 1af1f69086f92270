/*
 * Nothing doubled, nothing silently merged: two devices of one member edit the same note while
 * neither hears of the other; answers get lost; ids are used again.
 */
#include "tests/support/cast.h"
#include "tests/support/forge.h"

#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "server/store/names.h"
#include "server/store/section_log.h"
#include "tests/support/test.h"

static struct live live;
static struct live_person admin, therapist, client, second, forger;
static struct mirror mirror;
static struct chart_id chart;

static int start(void **state)
{
    (void)state;
    live_start(&live);
    live_join(&live, live.admin_code, &admin);
    live_sync(&admin);
    cast_invite(&admin, ROLE_THERAPIST, "Tara", &therapist);
    cast_delegate(&admin, &therapist);
    cast_invite(&therapist, ROLE_CLIENT, "Cleo", &client);
    (void)cast_relate(&admin, &client, &therapist, RELATION_TREATS);
    cast_invite(&admin, ROLE_THERAPIST, "Fred", &forger);
    (void)cast_relate(&admin, &client, &forger, RELATION_TREATS);
    cast_device(&therapist, &second);
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

static struct span text(const char *words)
{
    return span_of(words, strlen(words));
}

/* ---- what a person sees of one note */

struct sight {
    struct note_id note;
    size_t notes, revisions, heads, parents;
};

static bool see_note(void *visitor, const struct view_note *note)
{
    struct sight *sight = visitor;
    sight->notes++;
    if (ID_EQUAL(&note->note, &sight->note)) {
        sight->revisions = note->revisions;
        sight->heads = note->heads;
        sight->parents = note->newest.parent_count;
    }
    return true;
}

static void assert_sight(struct live_person *person, const struct section_id *section,
                         const struct note_id *note, struct sight wanted)
{
    struct sight sight = {.note = *note};
    assert_int_equal(view_notes(person->engine, section, see_note, &sight), STATUS_OK);
    assert_int_equal(sight.notes, wanted.notes);
    assert_int_equal(sight.revisions, wanted.revisions);
    assert_int_equal(sight.heads, wanted.heads);
    assert_int_equal(sight.parents, wanted.parents);
}

static uint64_t section_number(const struct section_id *section)
{
    uint64_t number = 0;
    struct hash head;
    mirror_head(&mirror, section, &number, &head);
    return number;
}

/* The server's event of one entry. */
static uint64_t event_at(const struct section_id *section, uint64_t number)
{
    struct txn *txn = NULL;
    assert_int_equal(db_begin_read(mirror.db, &txn), STATUS_OK);
    uint32_t local = 0;
    assert_int_equal(names_find(txn, SCHEMA_ID_SECTION, section->bytes, &local), STATUS_OK);
    struct section_change change;
    assert_int_equal(section_log_get(txn, local, number, &change), STATUS_OK);
    db_abort(txn);
    return change.event_seq;
}

/* Goal: edits of one note by two devices that did not hear of each other are both kept, are
 * shown as siblings, and a third revision joins them. Method: both offline, both write, both
 * come back; then one of them writes once more. */
static void test_two_devices_edit_one_note(void **state)
{
    (void)state;
    struct section_id section = cast_section(&therapist, CLASS_PROGRESS, &chart, &client);
    struct note_id note = cast_write(&therapist, &section, NULL, text("base"));
    live_sync(&second);
    assert_string_equal(cast_texts(&second, &section), "[base]");
    live_disconnect(&therapist);
    live_disconnect(&second);
    uint64_t left = 0;
    (void)cast_write_later(&therapist, &section, &note, text("left"), &left);
    uint64_t right = 0;
    (void)cast_write_later(&second, &section, &note, text("right"), &right);
    live_done(&therapist, left);
    live_done(&second, right);
    live_sync(&therapist);
    live_sync(&second);
    struct live_person *devices[] = {&therapist, &second};
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        assert_string_equal(cast_texts(devices[i], &section), "[base][left][right]");
        assert_sight(devices[i], &section, &note,
                     (struct sight){.notes = 1, .revisions = 3, .heads = 2, .parents = 1});
    }
    (void)cast_write(&second, &section, &note, text("both"));
    live_sync(&therapist);
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        assert_string_equal(cast_texts(devices[i], &section), "[base][left][right][both]");
        assert_sight(devices[i], &section, &note,
                     (struct sight){.notes = 1, .revisions = 4, .heads = 1, .parents = 2});
    }
}

struct growth {
    const struct section_id *section;
    uint64_t above;
};

static bool has_grown(void *state)
{
    const struct growth *growth = state;
    return section_number(growth->section) > growth->above;
}

/* Goal: a lost answer doubles nothing: the retry gets the first answer. Method: what comes
 * back is thrown away until the server has stored the note, then the connection ends; once
 * with the server running on, once with it started anew in between. */
static void test_lost_answer_doubles_nothing(void **state)
{
    (void)state;
    struct section_id section = cast_section(&therapist, CLASS_SESSION, &chart, &client);
    for (int restart = 0; restart < 2; restart++) {
        struct growth growth = {&section, section_number(&section)};
        live_sync(&therapist);
        therapist.deaf = true;
        uint64_t ticket = 0;
        (void)cast_write_later(&therapist, &section, NULL, text("once"), &ticket);
        assert_true(live_until(&live, has_grown, &growth));
        struct engine_ticket info;
        engine_ticket(therapist.engine, ticket, &info);
        assert_int_equal(info.wish, ENGINE_WISH_SENT);
        live_disconnect(&therapist);
        if (restart == 1) {
            live_restart(&live);
        }
        live_done(&therapist, ticket);
        engine_ticket(therapist.engine, ticket, &info);
        assert_int_equal(section_number(&section), growth.above + 1u);
        assert_int_equal(info.event, event_at(&section, growth.above + 1u));
        live_sync(&therapist);
    }
    assert_string_equal(cast_texts(&therapist, &section), "[once][once]");
}

/* Goal: one request id is one request. Method: the same bytes again give the same answer
 * byte for byte and store nothing; other bytes under the id are refused without a word; a
 * new request goes on. */
static void test_request_id_used_again(void **state)
{
    (void)state;
    struct section_id section = cast_section(&forger, CLASS_SESSION, &chart, &client);
    forger.raw = true;
    struct forge forge;
    forge_init(&mirror, &forger, &forge);
    struct live_reply *reply = forge_write(&forge, &section, REVISION_DRAFT, NULL, NULL);
    assert_int_equal(reply->status, STATUS_OK);
    size_t size = reply->size;
    uint8_t first[512];
    assert_in_range(size, 1, sizeof first);
    memcpy(first, reply->body, size);
    struct request_id id = forger.asked;
    uint64_t number = section_number(&section);
    for (int i = 0; i < 3; i++) {
        reply =
            live_ask_bytes(&forger, OP_SUBMIT, &id, span_of(forger.sent, forger.sent_size), true);
        assert_int_equal(reply->status, STATUS_OK);
        assert_int_equal(reply->size, size);
        assert_memory_equal(reply->body, first, size);
    }
    assert_int_equal(section_number(&section), number);
    /* Another revision under the same id: made, but sent by hand. */
    reply = forge_write(&forge, &section, REVISION_DRAFT, NULL, NULL);
    assert_int_equal(reply->status, STATUS_OK);
    reply = live_ask_bytes(&forger, OP_SUBMIT, &id, span_of(forger.sent, forger.sent_size), true);
    assert_int_equal(reply->status, STATUS_REFUSED);
    assert_int_equal(reply->size, 0);
    assert_int_equal(section_number(&section), number + 1u);
    forger.raw = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_devices_edit_one_note),
        cmocka_unit_test(test_lost_answer_doubles_nothing),
        cmocka_unit_test(test_request_id_used_again),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
