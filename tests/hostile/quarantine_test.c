/*
 * AT-23, 25: what one member spoils stays that member's. A revision that stands in the log as its
 * author signed it and cannot be read is a gap: told, shown as such, asked for again by itself; and
 * no other note, section, name, log or waiting word is touched by it.
 */
#include "tests/hostile/gaps.h"

#include "client/engine/exchange/inside.h"
#include "client/engine/section/seal_text.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "server/store/events.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---------------------------------------------------------------- what an insider sends */

static const struct secret *newest_key(struct inproc_person *person, const struct section_id *id)
{
    struct section *section = section_find(&person->engine->sections, id);
    assert_true(section != NULL && section->key_count > 0);
    return section->keys[section->key_count - 1].key;
}

static uint8_t spoiled_wrap[TEXT_WRAP_BYTES];
static uint8_t spoiled_envelope[8192];

static void seal_as(struct stage *stage, Alcove__Revision *revision, struct span context,
                    struct span text, bool envelope_too)
{
    static uint8_t elsewhere[8192];
    const size_t size = text_envelope_size(text.size);
    assert_true(size <= sizeof spoiled_envelope);
    OK(text_seal(&stage->scene.server.practice, newest_key(&stage->scene.client, &stage->shared),
                 context, text, spoiled_wrap, envelope_too ? spoiled_envelope : elsewhere));
    revision->wrap = field_of(spoiled_wrap, sizeof spoiled_wrap);
    if (envelope_too) {
        revision->envelope = field_of(spoiled_envelope, size);
        stage_sign_again(stage, revision, stage->scene.client.content.content_key);
    }
}

static void garbage_wrap(struct stage *stage, Alcove__Revision *revision)
{
    (void)stage;
    random_bytes(spoiled_wrap, sizeof spoiled_wrap);
    revision->wrap = field_of(spoiled_wrap, sizeof spoiled_wrap);
}

/* AT-25: a wrap that opens, with the key of another envelope: one ciphertext has one key, so that a
 * writer cannot give readers different texts. */
static void wrap_of_another_key(struct stage *stage, Alcove__Revision *revision)
{
    seal_as(stage, revision, field_span(revision->context), span_of("else", 4), false);
}

/* AT-23: a text sealed for another place, signed anew by its author. */
static void envelope_of_another_context(struct stage *stage, Alcove__Revision *revision)
{
    seal_as(stage, revision, span_of("elsewhere", 9), span_of("else", 4), true);
}

static void no_note_body(struct stage *stage, Alcove__Revision *revision)
{
    seal_as(stage, revision, field_span(revision->context), span_of("\xff\xff\xff no note", 11),
            true);
}

/* ---------------------------------------------------------------- what a reader sees */

static void is_quarantined(struct stage *stage, struct inproc_person *reader, const char *shared,
                           const char *progress)
{
    inproc_sync(reader);
    struct gaps gaps = gaps_of(reader);
    assert_int_equal(gaps.count, 1);
    assert_int_equal(gaps.last.kind, VIEW_GAP_UNOPENED);
    assert_true(ID_EQUAL(&gaps.last.author, &stage->scene.client.content.member));
    assert_true(ID_EQUAL(&gaps.last.section, &stage->shared));
    struct scene_texts texts = scene_read(reader, &stage->shared);
    assert_string_equal(texts.seen, shared);
    assert_int_equal(texts.closed, 1);
    assert_string_equal(scene_read(reader, &stage->progress).seen, progress);
    struct engine_state state;
    engine_state(reader->engine, &state);
    assert_int_equal(state.sections_behind, 0);
    assert_int_equal(state.outbox_count, 0);
}

/* The client, who may write in the shared section, uploads one spoiled revision. What the therapist
 * has waiting, there and in the other section, is sent; what comes later is read; also by a device
 * that has nothing yet. */
static void spoil(struct stage *stage, void (*spoiling)(struct stage *, Alcove__Revision *))
{
    struct inproc_person *therapist = &stage->scene.therapist;
    inproc_offline(therapist);
    Alcove__Revision *revision =
        gaps_capture(stage, &stage->scene.client, &stage->shared, "spoiled");
    spoiling(stage, revision);
    kit_plant_revision(&stage->scene.server, &stage->submit.peer, &stage->shared, revision);
    uint64_t ticket = 0;
    scene_write(therapist, &stage->shared, NULL, REVISION_DRAFT, "mine", &ticket);
    scene_write(therapist, &stage->progress, NULL, REVISION_DRAFT, "also mine", &ticket);
    engine_sync(therapist->engine);
    is_quarantined(stage, therapist, "[one][mine]", "[also mine]");
    inproc_restart(therapist);
    is_quarantined(stage, therapist, "[one][mine]", "[also mine]");
    gaps_empty_cache(therapist);
    engine_sync(therapist->engine);
    is_quarantined(stage, therapist, "[one][mine]", "[also mine]");
    scene_note(therapist, &stage->shared, "later");
    is_quarantined(stage, therapist, "[one][mine][later]", "[also mine]");
}

static void test_garbage_wrap(void **state)
{
    spoil(*state, garbage_wrap);
}
static void test_AT25_wrap_of_another_key(void **state)
{
    spoil(*state, wrap_of_another_key);
}
static void test_AT23_envelope_of_another_context(void **state)
{
    spoil(*state, envelope_of_another_context);
}
static void test_text_that_is_no_note(void **state)
{
    spoil(*state, no_note_body);
}

/* Goal: a person is told once, also over restarts. */
static void test_told_once(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    spoil(stage, garbage_wrap);
    assert_int_equal(gaps_of(therapist).news, 1);
    OK(view_gaps_told(therapist->engine));
    inproc_restart(therapist);
    struct gaps gaps = gaps_of(therapist);
    assert_int_equal(gaps.count, 1);
    assert_int_equal(gaps.news, 0);
}

/* Goal: nothing is written over a text that cannot be read, and adding to it stays possible, for its
 * author, who alone may do either. Method: the author's other device meets the spoiled revision. */
static enum status write_over(struct stage *stage, struct inproc_person *person,
                              const struct note_id *note, uint32_t kind)
{
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of("over", 4);
    const struct write_note ask = {
        .section = stage->shared, .note = *note, .kind = kind, .body = &body};
    uint64_t ticket = 0;
    return write_note(person->engine, &ask, stage->scene.server.now_ms, NULL, &ticket);
}

static void test_nothing_is_written_over_it(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    struct inproc_person other;
    scene_device(client, &other);
    struct note_id note = scene_note(client, &stage->shared, "mine");
    inproc_offline(&other);
    uint64_t ticket = 0;
    scene_write(client, &stage->shared, &note, REVISION_SIGNED, "spoiled", &ticket);
    kit_capture(client, &stage->submit);
    garbage_wrap(stage, stage->submit.ask->revision[0]);
    kit_plant_revision(&stage->scene.server, &stage->submit.peer, &stage->shared,
                       stage->submit.ask->revision[0]);
    scene_refresh(&other);
    assert_int_equal(gaps_of(&other).count, 1);
    /* The signature is no text: the note is locked, whatever stands in it. */
    assert_int_equal(write_over(stage, &other, &note, REVISION_DRAFT), STATUS_LOCKED);
    OK(write_over(stage, &other, &note, REVISION_ADDENDUM));
    inproc_person_free(&other);
}

static void test_no_edit_over_a_draft_that_does_not_open(void **state)
{
    struct stage *stage = *state;
    struct inproc_person other;
    scene_device(&stage->scene.client, &other);
    spoil(stage, garbage_wrap);
    scene_refresh(&other);
    struct gaps gaps = gaps_of(&other);
    assert_int_equal(gaps.count, 1);
    assert_int_equal(write_over(stage, &other, &gaps.last.note, REVISION_DRAFT), STATUS_DAMAGED);
    inproc_person_free(&other);
}

/* ---------------------------------------------------------------- asked for again */

/* A server, or whoever sits between, that hands out another wrap than was stored. */
static bool flip_wraps(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                       ProtobufCMessage *body)
{
    bool *flips = context;
    (void)link;
    (void)code;
    if (op == FRAME_CHUNK + 1000 && *flips) {
        Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
        for (size_t i = 0; i < chunk->n_entry; i++) {
            if (chunk->entry[i]->wrap.len > 0) {
                chunk->entry[i]->wrap.data[7] ^= 1;
            }
        }
    }
    return true;
}

/* Goal: a wrap is under no signature, so that a bad one may heal. Method: all wraps of one answer are
 * changed; the client asks again by itself, seldom, and reads everything once they are right. A name
 * among them counts then. */
static void test_heals_when_a_good_wrap_comes(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *client = &stage->scene.client;
    scene_note(&stage->scene.therapist, &stage->shared, "two");
    const struct member_id *tara = &stage->scene.therapist.content.member;
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_NAME;
    body.title = field_of("Tara", 4);
    body.member = field_of(tara->bytes, ID_BYTES);
    const struct write_note own = {.section = stage->shared, .kind = REVISION_DRAFT, .body = &body};
    uint64_t ticket = 0;
    OK(write_note(stage->scene.therapist.engine, &own, stage->scene.server.now_ms, NULL, &ticket));
    scene_wait(&stage->scene.therapist, ticket);
    gaps_empty_cache(client);
    stage->scene.server.hook = flip_wraps;
    bool flips = true;
    stage->scene.server.hook_context = &flips;
    scene_refresh(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "");
    assert_int_equal(gaps_of(client).count, 3);
    char name[VIEW_NAME_BYTES_MAX];
    view_name(client->engine, tara, name);
    assert_string_not_equal(name, "Tara");
    const uint64_t asked = gaps_pass(client, HOUR_MS);
    print_message("asked for again in an hour: %llu\n", (unsigned long long)asked);
    assert_in_range(asked, 1, 4 * scene_sections(client));
    flips = false;
    (void)gaps_pass(client, 2 * HOUR_MS);
    assert_int_equal(gaps_of(client).count, 0);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two]");
    view_name(client->engine, tara, name);
    assert_string_equal(name, "Tara");
    inproc_restart(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two]");
    assert_int_equal(gaps_pass(client, HOUR_MS), 0);
}

/* Goal: a client that is started anew with each command asks no more often. */
static void test_restarts_do_not_ask_more(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    spoil(stage, garbage_wrap);
    (void)gaps_pass(therapist, 5 * MINUTE_MS);
    const uint64_t before = stage->scene.server.ops[OP_PAGE];
    for (int i = 0; i < 20; i++) {
        inproc_restart(therapist);
        scene_refresh(therapist);
    }
    assert_in_range(stage->scene.server.ops[OP_PAGE] - before, 0, 1);
}

static bool change_again(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                         ProtobufCMessage *body)
{
    (void)context;
    (void)link;
    (void)code;
    if (op == FRAME_CHUNK + 1000) {
        Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
        for (size_t i = 0; i < chunk->n_entry; i++) {
            if (chunk->entry[i]->envelope.len > 0) {
                chunk->entry[i]->envelope.data[9] ^= 1;
            }
        }
    }
    return true;
}

/* Goal: what is asked for again is the same revision or an alarm. */
static void test_another_revision_the_second_time(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    spoil(stage, garbage_wrap);
    stage->scene.server.hook = change_again;
    stage->scene.server.now_ms += HOUR_MS;
    assert_int_equal(inproc_run(therapist), STATUS_EQUIVOCATION);
    assert_int_equal(engine_alarm_count(therapist->engine), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_garbage_wrap),
        STAGE_TEST(test_AT25_wrap_of_another_key),
        STAGE_TEST(test_AT23_envelope_of_another_context),
        STAGE_TEST(test_text_that_is_no_note),
        STAGE_TEST(test_told_once),
        STAGE_TEST(test_nothing_is_written_over_it),
        STAGE_TEST(test_no_edit_over_a_draft_that_does_not_open),
        STAGE_TEST(test_heals_when_a_good_wrap_comes),
        STAGE_TEST(test_restarts_do_not_ask_more),
        STAGE_TEST(test_another_revision_the_second_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
