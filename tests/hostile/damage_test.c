/*
 * What a server cannot hand out, or a disk spoilt, is named by its number, and everything else is
 * read: one damaged row, one section that is not handed out, one statement that is not stored.
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

/* ---------------------------------------------------------------- what the server cannot do */

struct cannot {
    struct section_id section; /* whose pages it cannot hand out */
    bool all_others;           /* it is the pages of all but this section, then */
    size_t pages;
    bool dropped;    /* the last page was one */
    bool statements; /* it cannot store any */
    size_t submits;
};

static bool answer_cannot(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                          ProtobufCMessage *body)
{
    struct cannot *cannot = context;
    (void)link;
    if (op == OP_PAGE && body != NULL) {
        const Alcove__PageReply *reply = (const Alcove__PageReply *)(const void *)body;
        const ProtobufCBinaryData target = reply->proof->leaf->target;
        cannot->dropped = (memmem(target.data, target.len, cannot->section.bytes, ID_BYTES) !=
                           NULL) != cannot->all_others;
        *code = cannot->dropped ? STATUS_UNAVAILABLE : STATUS_OK;
        cannot->pages += cannot->dropped ? 1 : 0;
    }
    if (op == OP_SUBMIT && body != NULL && cannot->statements &&
        ((const Alcove__SubmitReply *)(const void *)body)->statement_seq != 0) {
        *code = STATUS_UNAVAILABLE;
        cannot->submits++;
    }
    return op != FRAME_CHUNK + 1000 || !cannot->dropped;
}

/* Goal: a section that the server cannot hand out keeps no other from syncing and no word from being
 * sent; it is asked for a few times a minute at most, and comes when it can. */
static void test_section_that_is_not_handed_out(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    scene_note(therapist, &stage->progress, "mine");
    scene_note(&stage->scene.client, &stage->shared, "theirs");
    gaps_empty_cache(therapist);
    struct cannot cannot = {.section = stage->shared};
    stage->scene.server.hook = answer_cannot;
    stage->scene.server.hook_context = &cannot;
    engine_sync(therapist->engine);
    (void)gaps_pass(therapist, SECOND_MS);
    uint64_t ticket = 0;
    scene_write(therapist, &stage->progress, NULL, REVISION_DRAFT, "also mine", &ticket);
    (void)gaps_pass(therapist, 4 * SECOND_MS);
    assert_string_equal(scene_read(therapist, &stage->progress).seen, "[mine][also mine]");
    struct engine_ticket info;
    engine_ticket(therapist->engine, ticket, &info);
    assert_int_equal(info.wish, ENGINE_WISH_DONE);
    assert_int_equal(gaps_of(therapist).stopped, 1);
    (void)gaps_pass(therapist, 55 * SECOND_MS);
    assert_in_range(cannot.pages, 1, 4);
    (void)gaps_pass(therapist, HOUR_MS);
    assert_in_range(cannot.pages, 2, 20);
    stage->scene.server.hook = NULL;
    (void)gaps_pass(therapist, 15 * MINUTE_MS);
    assert_string_equal(scene_read(therapist, &stage->shared).seen, "[one][theirs]");
    assert_int_equal(gaps_of(therapist).count, 0);
}

/* Goal: what the server cannot store holds up nothing else that waits. Method: a statement that is
 * never taken, before a note for another section. */
static void test_statement_that_is_not_stored(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    scene_note(therapist, &stage->progress, "mine");
    stage->scene.server.hook = answer_cannot;
    struct cannot cannot = {.statements = true};
    stage->scene.server.hook_context = &cannot;
    uint64_t statement = 0;
    OK(act_rotate(therapist->engine, &stage->shared, stage->scene.server.now_ms, &statement));
    uint64_t note = 0;
    scene_write(therapist, &stage->progress, NULL, REVISION_DRAFT, "also mine", &note);
    (void)gaps_pass(therapist, MINUTE_MS);
    assert_in_range(cannot.submits, 1, 4);
    struct engine_ticket info;
    engine_ticket(therapist->engine, note, &info);
    assert_int_equal(info.wish, ENGINE_WISH_DONE);
    engine_ticket(therapist->engine, statement, &info);
    assert_int_equal(info.wish, ENGINE_WISH_WAITING);
    assert_int_equal(info.status, STATUS_UNAVAILABLE);
    stage->scene.server.hook = NULL;
    (void)gaps_pass(therapist, 2 * MINUTE_MS);
    engine_ticket(therapist->engine, statement, &info);
    assert_int_equal(info.wish, ENGINE_WISH_DONE);
}

/* ---------------------------------------------------------------- what a disk spoils */

/* The first byte of |part| in the server's file is another from now on, or again what it was. */
static void flip_stored(struct stage *stage, struct span part)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data/data.mdb", stage->scene.server.folder);
    const int file = open(path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    const off_t size = lseek(file, 0, SEEK_END);
    uint8_t *bytes = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(bytes != MAP_FAILED);
    uint8_t wanted[64];
    assert_true(part.size <= sizeof wanted);
    memcpy(wanted, part.data, part.size); /* which may lie in this very file */
    size_t found = 0;
    for (uint8_t *at = bytes; at != NULL; found++) { /* older copies of its page too */
        at = memmem(at, (size_t)(bytes + size - at), wanted, part.size);
        if (at == NULL) {
            break;
        }
        at[0] ^= 1;
    }
    assert_true(found > 0);
    assert_int_equal(munmap(bytes, (size_t)size), 0);
    (void)close(file);
}

enum spoiled_part {
    SPOILED_CONTEXT,
    SPOILED_ENVELOPE,
    SPOILED_WRAP,
};

/* Goal: a revision that the server's disk spoiled costs its own text alone, is named, and is shown
 * once a good copy is back. Method: one byte of the therapist's second note, in the database; a
 * reader with an empty cache. Then the same byte is right again. */
static void spoil_stored(struct stage *stage, enum spoiled_part part)
{
    struct inproc_person *therapist = &stage->scene.therapist;
    struct inproc_person *client = &stage->scene.client;
    Alcove__Revision *revision = gaps_capture(stage, therapist, &stage->shared, "two");
    inproc_sync(therapist); /* now it is really sent */
    scene_note(therapist, &stage->shared, "three");
    const ProtobufCBinaryData fields[] = {revision->context, revision->envelope, revision->wrap};
    const struct span bytes = field_span(fields[part]);
    const struct span tail = span_of(bytes.data + bytes.size - 60, 60);
    flip_stored(stage, tail);
    gaps_empty_cache(client);
    scene_refresh(client);
    struct scene_texts texts = scene_read(client, &stage->shared);
    assert_string_equal(texts.seen, "[one][three]");
    struct gaps gaps = gaps_of(client);
    assert_int_equal(gaps.count, 1);
    assert_int_equal(gaps.last.kind, VIEW_GAP_DAMAGED);
    assert_true(ID_EQUAL(&gaps.last.author, &therapist->content.member));
    assert_int_equal(texts.closed, part == SPOILED_CONTEXT ? 0 : 1);
    /* The author's own device, with an empty cache: its numbers still follow. */
    gaps_empty_cache(therapist);
    scene_refresh(therapist);
    scene_note(therapist, &stage->shared, "four");
    uint64_t ticket = 0;
    OK(act_rotate(therapist->engine, &stage->shared, stage->scene.server.now_ms, &ticket));
    scene_wait(therapist, ticket);
    inproc_restart(client);
    scene_refresh(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][three][four]");
    uint8_t wrong[60];
    memcpy(wrong, tail.data, sizeof wrong);
    wrong[0] ^= 1;
    flip_stored(stage, span_of(wrong, sizeof wrong));
    assert_in_range(gaps_pass(client, HOUR_MS), 1, 10);
    assert_int_equal(gaps_of(client).count, 0);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two][three][four]");
    inproc_restart(client);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][two][three][four]");
}

static void test_stored_context_is_spoiled(void **state)
{
    spoil_stored(*state, SPOILED_CONTEXT);
}
static void test_stored_envelope_is_spoiled(void **state)
{
    spoil_stored(*state, SPOILED_ENVELOPE);
}
static void test_stored_wrap_is_spoiled(void **state)
{
    spoil_stored(*state, SPOILED_WRAP);
}

/* Goal: sections that the server cannot hand out, however many, keep no other from being read, whichever
 * comes first. Method: of four sections one can be read, each in its turn. */
static void test_many_sections_that_are_not_handed_out(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    const struct section_id sections[] = {stage->shared, stage->progress,
                                          scene_section(therapist, CLASS_PROCESS),
                                          scene_section(therapist, CLASS_SESSION)};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        scene_note(therapist, &sections[i], "this");
    }
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        gaps_empty_cache(therapist);
        struct cannot cannot = {.section = sections[i], .all_others = true};
        stage->scene.server.hook = answer_cannot;
        stage->scene.server.hook_context = &cannot;
        engine_sync(therapist->engine);
        (void)gaps_pass(therapist, MINUTE_MS); /* each is asked for once at least */
        const size_t first = cannot.pages;
        assert_in_range(first, 1, ARRAY_LEN(sections) + 4);
        (void)gaps_pass(therapist, 2 * MINUTE_MS);
        assert_true(cannot.pages - first <= 2 * 4);
        assert_non_null(strstr(scene_read(therapist, &sections[i]).seen, "[this]"));
        stage->scene.server.hook = NULL;
    }
}

/* A server that calls a revision damaged, and names another device for it. */
static bool blame_another(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                          ProtobufCMessage *body)
{
    struct stage *stage = context;
    (void)link;
    (void)code;
    if (op != FRAME_CHUNK + 1000) {
        return true;
    }
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
    for (size_t i = 0; i < chunk->n_entry; i++) {
        Alcove__PageEntry *entry = chunk->entry[i];
        if (entry->damaged != 0 && entry->device.len > 0) {
            entry->device = field_of(stage->scene.client.content.device.bytes, ID_BYTES);
        }
    }
    return true;
}

/* Goal: who wrote what is damaged is the server's word, and a false one is found out by the true
 * author's next revision, which does not follow then. */
static void test_damage_blamed_on_another(void **state)
{
    struct stage *stage = *state;
    struct inproc_person *therapist = &stage->scene.therapist;
    struct inproc_person *client = &stage->scene.client;
    Alcove__Revision *revision = gaps_capture(stage, therapist, &stage->shared, "two");
    inproc_sync(therapist);
    scene_note(therapist, &stage->shared, "three");
    const struct span context = field_span(revision->context);
    flip_stored(stage, span_of(context.data + context.size - 60, 60));
    gaps_empty_cache(client);
    stage->scene.server.hook = blame_another;
    stage->scene.server.hook_context = stage;
    engine_sync(client->engine);
    assert_int_equal(inproc_run(client), STATUS_BAD_CHAIN);
    assert_true(engine_alarm_count(client->engine) > 0);
}

/* Goal: one damaged event hides no other, is named by its number, and is no accusation. Method: a
 * byte of an event's open part, and the auditor proves the log; a byte more, and it is no proof. */
static void test_damaged_event(void **state)
{
    struct stage *stage = *state;
    scene_refresh(&stage->scene.admin);
    struct inproc_person auditor;
    scene_invite(&stage->scene.admin, ROLE_AUDITOR, "Ada", &auditor);
    struct txn *txn = NULL;
    OK(db_begin_read(stage->scene.server.db, &txn));
    struct event_stored event;
    OK(events_get(txn, 9, &event));
    uint8_t open[32];
    memcpy(open, event.open.data + event.open.size - 40, sizeof open);
    db_abort(txn);
    flip_stored(stage, span_of(open, sizeof open));
    uint64_t ticket = 0;
    OK(query_verify_all(auditor.engine, &ticket));
    inproc_sync(&auditor);
    struct query_verdict verdict;
    OK(query_verdict(auditor.engine, ticket, &verdict));
    print_message("%s\n", verdict.reason);
    assert_int_equal(verdict.status, STATUS_CORRUPT);
    assert_true(verdict.events > 20);
    assert_non_null(strstr(verdict.reason, "number 9)"));
    assert_int_equal(engine_alarm_count(auditor.engine), 0);
    inproc_person_free(&auditor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_section_that_is_not_handed_out),
        STAGE_TEST(test_many_sections_that_are_not_handed_out),
        STAGE_TEST(test_statement_that_is_not_stored),
        STAGE_TEST(test_stored_context_is_spoiled),
        STAGE_TEST(test_stored_envelope_is_spoiled),
        STAGE_TEST(test_stored_wrap_is_spoiled),
        STAGE_TEST(test_damage_blamed_on_another),
        STAGE_TEST(test_damaged_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
