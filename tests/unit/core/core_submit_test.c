/* Revisions: what is stored, what is refused, and with which event. */
#include "tests/unit/core/core_scene.h"

#include "keys/public/log/leaf.h"
#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"

/* What a test changes in a Context; absent fields stay. */
struct change {
    const struct make_revision *parent[2];
    size_t parents;
    uint64_t revision;
    uint32_t kind;
    const struct note_id *note;
    uint64_t section_number;
    const struct hash *section_head;
    uint64_t chart_number;
    const struct hash *chart_leaf;
    const struct seen *seen;
    uint64_t epoch;
    uint64_t device_number;
    const struct hash *device_link;
};

static void change_context(void *context, ProtobufCMessage *body)
{
    static ProtobufCBinaryData parents[2];
    static Alcove__Seen seen;
    const struct change *c = context;
    Alcove__Context *out = (Alcove__Context *)(void *)body;
    for (size_t i = 0; i < c->parents; i++) {
        parents[i] = field_of(c->parent[i]->link.bytes, HASH_BYTES);
        out->note = field_of(c->parent[i]->parsed.note.bytes, ID_BYTES);
        out->revision = c->parent[i]->parsed.revision + 1;
    }
    out->n_parent = c->parents;
    out->parent = parents;
    out->revision = c->revision != 0 ? c->revision : out->revision;
    out->kind = c->kind != 0 ? c->kind : out->kind;
    if (c->note != NULL) {
        out->note = field_of(c->note->bytes, ID_BYTES);
    }
    if (c->section_number != 0) {
        out->section_number = c->section_number;
        out->section_head = field_of(c->section_head->bytes, HASH_BYTES);
    }
    if (c->chart_number != 0) {
        out->chart_number = c->chart_number;
        out->chart_leaf = field_of(c->chart_leaf->bytes, HASH_BYTES);
    }
    if (c->seen != NULL) {
        alcove__seen__init(&seen);
        seen.statements_size = c->seen->statements_size;
        seen.events_size = c->seen->events_size;
        if (seen.statements_size > 0) {
            seen.statements_root = field_of(c->seen->statements_root.bytes, HASH_BYTES);
        }
        if (seen.events_size > 0) {
            seen.events_root = field_of(c->seen->events_root.bytes, HASH_BYTES);
        }
        out->seen = &seen;
    }
    out->epoch = c->epoch != 0 ? c->epoch : out->epoch;
    if (c->device_number != 0) {
        out->device_number = c->device_number;
        out->device_link = field_of(c->device_link->bytes, HASH_BYTES);
    }
}

/* Sends one revision changed so; it must get |status| with one event. */
static void send_changed(struct scene *scene, struct make_section *section, struct change change,
                         enum status status)
{
    assert_int_equal(scene_write(scene, section, scene->p->t1, 0, change_context, &change, NULL),
                     status);
    scene_expect_event(scene, ACTION_WRITE,
                       status == STATUS_OK                                      ? OUTCOME_OK
                       : status == STATUS_MALFORMED || status == STATUS_REFUSED ? OUTCOME_REFUSED
                                                                                : OUTCOME_FAILED);
}

/* Goal: a section, a share and a write are stored, each with its event. Method: the whole
 * way, then the numbers of the reply. */
static void test_stored(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *shared = scene_section(scene, CLASS_SHARED, p->c1, p->t1);
    scene_expect_event(scene, ACTION_ROTATE, OUTCOME_OK);
    (void)scene_share(scene, shared, p->c1, RIGHT_READ | RIGHT_WRITE, 0, p->t1);
    OK(scene_write(scene, shared, p->t1, 0, NULL, NULL, NULL));
    scene_expect_event(scene, ACTION_WRITE, OUTCOME_OK);
    struct arena arena = {0};
    const Alcove__SubmitReply *reply = (const Alcove__SubmitReply *)(const void *)scene_body(
        scene, &alcove__submit_reply__descriptor, &arena);
    assert_int_equal(reply->section_number, shared->timeline.number);
    assert_memory_equal(reply->section_head.data, shared->timeline.head.bytes, HASH_BYTES);
    assert_int_equal(reply->event, scene_size(scene, LEDGER_EVENTS) - 1);
    arena_free(&arena);
    OK(scene_write(scene, shared, p->c1, 0, NULL, NULL, NULL));
}

static void change_section(void *context, ProtobufCMessage *body)
{
    ((Alcove__Context *)(void *)body)->section = field_of(context, ID_BYTES);
}

/* Goal: whoever may not write is refused as if nothing were there. Method: a stranger's
 * revision for a section that exists and for one that does not: one answer, no body. */
static void test_absent_is_forbidden(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *process = scene_section(scene, CLASS_PROCESS, p->c1, p->t1);
    uint8_t nowhere[ID_BYTES];
    memset(nowhere, 0x33, sizeof nowhere);
    struct make_revision revision;
    scene_revision(scene, process, p->t2, 0, NULL, NULL, &revision);
    assert_int_equal(scene_send(scene, p->t2, 0, &revision, 1), STATUS_REFUSED);
    assert_null(scene->answer.body);
    assert_false(scene->answer.close);
    scene_expect_event(scene, ACTION_WRITE, OUTCOME_REFUSED);
    scene_revision(scene, process, p->t2, 0, change_section, nowhere, &revision);
    assert_int_equal(scene_send(scene, p->t2, 0, &revision, 1), STATUS_REFUSED);
    assert_null(scene->answer.body);
    assert_false(scene->answer.close);
    scene_expect_event(scene, ACTION_WRITE, OUTCOME_REFUSED);
    /* And nobody sends what another signed. */
    assert_int_equal(scene_send(scene, p->t1, 0, &revision, 1), STATUS_MALFORMED);
}

/* Goal: nobody can make the server look like one that shows two histories. Method: each thing
 * a revision says of the past, once wrong and once ahead of it; then the truth is taken. */
static void test_lies_about_the_past(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct hash wrong;
    memset(&wrong, 7, sizeof wrong);
    send_changed(scene, progress, (struct change){.section_number = 1, .section_head = &wrong},
                 STATUS_CONFLICT);
    send_changed(scene, progress, (struct change){.section_number = 99, .section_head = &wrong},
                 STATUS_CONFLICT);
    send_changed(scene, progress, (struct change){.chart_number = 1, .chart_leaf = &wrong},
                 STATUS_MALFORMED);
    send_changed(scene, progress, (struct change){.chart_number = 99, .chart_leaf = &wrong},
                 STATUS_MALFORMED);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    seen.statements_size = 5;
    seen.statements_root = wrong;
    send_changed(scene, progress, (struct change){.seen = &seen}, STATUS_MALFORMED);
    seen.statements_size = scene_size(scene, LEDGER_STATEMENTS) + 1;
    send_changed(scene, progress, (struct change){.seen = &seen}, STATUS_MALFORMED);
    memset(&seen, 0, sizeof seen);
    seen.events_size = 5;
    seen.events_root = wrong;
    send_changed(scene, progress, (struct change){.seen = &seen}, STATUS_MALFORMED);

    seen.statements_size = 5;
    scene_root(scene, LEDGER_STATEMENTS, 5, &seen.statements_root);
    seen.events_size = scene_size(scene, LEDGER_EVENTS);
    scene_root(scene, LEDGER_EVENTS, seen.events_size, &seen.events_root);
    send_changed(scene, progress, (struct change){.seen = &seen}, STATUS_OK);
}

/* Goal: a chart's history as it is, is taken, from memory and from the database. Method: the
 * leaf of the newest event about the chart, before and after a restart. */
static void test_chart_seen(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    struct event_stored event;
    OK(events_get(txn, ledger_size(txn, LEDGER_EVENTS) - 1, &event));
    struct change change =
        (struct change){.chart_number = event.chart_number, .chart_leaf = &event.leaf_hash};
    db_abort(txn);
    assert_true(change.chart_number > 2);
    send_changed(scene, progress, change, STATUS_OK);
    scene_restart(scene);
    send_changed(scene, progress, change, STATUS_OK);
    change.chart_number--;
    send_changed(scene, progress, change, STATUS_MALFORMED);
}

/* Goal: two edits of one head stay as siblings and are joined; a wrong number within the note
 * is not taken. Method: both from the same place, then one that names both. */
static void test_siblings(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_revision first;
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &first));
    struct change edit = {.parents = 1};
    edit.parent[0] = &first;
    uint64_t number = progress->timeline.number;
    struct hash head = progress->timeline.head;
    edit.revision = 3;
    send_changed(scene, progress, edit, STATUS_CONFLICT);
    edit.revision = 0;
    struct make_revision a;
    OK(scene_write(scene, progress, p->t1, 0, change_context, &edit, &a));
    /* Looked again: the first is no head any more. */
    send_changed(scene, progress, edit, STATUS_CONFLICT);
    edit.section_number = number;
    edit.section_head = &head;
    edit.revision = UINT32_MAX;
    send_changed(scene, progress, edit, STATUS_CONFLICT);
    edit.revision = 0;
    struct make_revision b;
    OK(scene_write(scene, progress, p->t1, 0, change_context, &edit, &b));
    send_changed(scene, progress, (struct change){.parent = {&a, &a}, .parents = 2},
                 STATUS_CONFLICT);
    send_changed(scene, progress, (struct change){.parent = {&a, &b}, .parents = 2}, STATUS_OK);
    send_changed(scene, progress, (struct change){.parent = {&b}, .parents = 1}, STATUS_CONFLICT);
}

/* Goal: a lost race tells the heads and where the section is. Method: the reply's body. */
static void test_conflict_tells(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_revision first;
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &first));
    struct change edit = {.parents = 1};
    edit.parent[0] = &first;
    struct make_revision second;
    OK(scene_write(scene, progress, p->t1, 0, change_context, &edit, &second));
    send_changed(scene, progress, edit, STATUS_CONFLICT);
    struct arena arena = {0};
    const Alcove__SubmitReply *reply = (const Alcove__SubmitReply *)(const void *)scene_body(
        scene, &alcove__submit_reply__descriptor, &arena);
    assert_int_equal(reply->n_head, 1);
    assert_memory_equal(reply->head[0].data, second.link.bytes, HASH_BYTES);
    assert_int_equal(reply->section_number, progress->timeline.number);
    arena_free(&arena);
}

/* Goal: a signed note is only appended to. Method: each kind after signing. */
static void test_locked(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_revision last;
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &last));
    struct change change = {.parents = 1, .kind = REVISION_ADDENDUM};
    change.parent[0] = &last;
    send_changed(scene, progress, change, STATUS_CONFLICT); /* nothing to append to yet */
    change.kind = REVISION_SIGNED;
    OK(scene_write(scene, progress, p->t1, 0, change_context, &change, &last));
    change.kind = REVISION_DRAFT;
    send_changed(scene, progress, change, STATUS_LOCKED);
    change.kind = REVISION_SIGNED;
    send_changed(scene, progress, change, STATUS_LOCKED);
    for (uint32_t kind = REVISION_ADDENDUM; kind <= REVISION_LATE_ENTRY; kind++) {
        change.kind = kind;
        OK(scene_write(scene, progress, p->t1, 0, change_context, &change, &last));
    }
}

/* Goal: a note is its author's alone. Method: who covers tries each kind on T1's draft and on T1's
 * signed note; T1 goes on from another device; what is refused tells no heads. */
static void test_anothers_note(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_world *w = scene->w;
    OK(scene_take(scene, p->ad1, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1)));
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    (void)scene_share(scene, progress, p->t2, RIGHT_READ | RIGHT_WRITE, 0, p->t1);
    struct make_revision last;
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &last));
    struct change change = {.parents = 1};
    for (int signs = 0; signs < 2; signs++) {
        change.parent[0] = &last;
        for (uint32_t kind = REVISION_DRAFT; kind <= REVISION_LATE_ENTRY; kind++) {
            change.kind = kind;
            assert_int_equal(scene_write(scene, progress, p->t2, 0, change_context, &change, NULL),
                             STATUS_REFUSED);
            assert_null(scene->answer.body);
            scene_expect_event(scene, ACTION_WRITE, OUTCOME_REFUSED);
        }
        change.kind = REVISION_SIGNED;
        if (signs == 0) {
            OK(scene_write(scene, progress, p->t1, 0, change_context, &change, &last));
        }
    }
    OK(scene_take(scene, p->t1, make_device_statement(w, p->t1)));
    struct authority_recipient second = {p->t1->device[1].statement, RECIPIENT_DEVICE};
    OK(scene_take(scene, p->t1, make_reseal(w, progress, &second, 1, 2, p->t1, 0)));
    change.parent[0] = &last;
    change.kind = REVISION_ADDENDUM;
    OK(scene_write(scene, progress, p->t1, 1, change_context, &change, NULL));
    OK(scene_write(scene, progress, p->t2, 0, NULL, NULL, NULL));
}

/* How many of the section's revisions have lost their content. */
static size_t count_erased(struct scene *scene, const struct make_section *section)
{
    Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
    ask.section = field_of(section->id.bytes, ID_BYTES);
    ask.from = 1;
    ask.purpose = PURPOSE_TREAT;
    OK(scene_ask(scene, scene->p->t1, 0, OP_PAGE, &ask.base));
    struct produce_page page;
    produce_page_init(&page, scene->answer.local, scene->answer.from, scene->answer.to);
    size_t erased = 0;
    bool last = false;
    while (!last) {
        struct txn *txn = NULL;
        OK(db_begin_read(scene->db, &txn));
        uint8_t *body = NULL;
        size_t size = 0;
        OK(produce_chunk(txn, &page, 15000, &body, &size, &last));
        db_abort(txn);
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        OK(message_decode(&alcove__page_chunk__descriptor, span_of(body, size), &arena, &message));
        const Alcove__PageChunk *chunk = (const Alcove__PageChunk *)(const void *)message;
        for (size_t i = 0; i < chunk->n_entry; i++) {
            erased += chunk->entry[i]->kind == ENTRY_REVISION && chunk->entry[i]->envelope.len == 0;
        }
        arena_free(&arena);
        free(body);
    }
    return erased;
}

/* Goal: a tombstone empties what the note held before, and nothing else. Method: two notes,
 * one erased; no cell of the table permits it yet, so one is flipped for the time. */
static void test_tombstone(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_revision first;
    struct change change = {.parents = 1};
    uint32_t action = 0;
    uint32_t outcome = 0;

    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &first));
    change.parent[0] = &first;
    change.kind = REVISION_TOMBSTONE;
    assert_int_equal(scene_write(scene, progress, p->t1, 0, change_context, &change, NULL),
                     STATUS_REFUSED); /* no cell of the table lets a therapist erase */
    scene_event(scene, 0, &action, &outcome);
    assert_int_equal(action, ACTION_ERASE);
    assert_int_equal(count_erased(scene, progress), 0);

#ifdef ALCOVE_TEST_HOOKS
    struct make_revision second;

    policy_test_flip(ROLE_THERAPIST, POLICY_TREATS, CLASS_PROGRESS, ACTION_ERASE);
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    change.kind = REVISION_DRAFT;
    OK(scene_write(scene, progress, p->t1, 0, change_context, &change, &second));
    change.parent[0] = &second;
    change.kind = REVISION_TOMBSTONE;
    OK(scene_write(scene, progress, p->t1, 0, change_context, &change, NULL));
    scene_event(scene, 0, &action, &outcome);
    assert_int_equal(action, ACTION_ERASE);
    assert_int_equal(outcome, OUTCOME_OK);
    policy_test_flip(0, 0, 0, 0);
    assert_int_equal(count_erased(scene, progress), 2);
    scene_restart(scene);
    assert_int_equal(count_erased(scene, progress), 2);
#endif
}

/* Goal: a revision waits for the new epoch, and the epoch before it is not taken. Method:
 * revoke, write, rotate, write. */
static void test_needs_epoch(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    struct hash grant = scene_share(scene, progress, p->t3, RIGHT_READ | RIGHT_WRITE, 0, p->t1);
    OK(scene_write(scene, progress, p->t3, 0, NULL, NULL, NULL));
    OK(scene_take(scene, p->t1, make_revocation(scene->w, progress, &grant, p->t1)));
    scene_expect_event(scene, ACTION_REVOKE, OUTCOME_OK);
    send_changed(scene, progress, (struct change){0}, STATUS_NEEDS_EPOCH);
    assert_int_equal(scene_write(scene, progress, p->t3, 0, NULL, NULL, NULL), STATUS_REFUSED);
    OK(scene_take(scene, p->t1, make_epoch(scene->w, progress, p->t1, 0)));
    send_changed(scene, progress, (struct change){.epoch = 1}, STATUS_NEEDS_EPOCH);
    send_changed(scene, progress, (struct change){0}, STATUS_OK);
}

/* Goal: a retry gets the first answer, another request under its id is refused, also after a
 * restart. Method: the same bytes twice, other bytes, and once more after opening again. */
static void test_replay(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_revision one;
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &one);
    struct make_revision other;
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &other);
    OK(scene_send(scene, p->t1, 0, &one, 1));
    enum timeline_reason reason;
    OK(make_write(scene->w, progress, &one, &reason));
    uint64_t number;
    for (int restarted = 0; restarted < 2; restarted++) {
        scene->repeat_id = true;
        OK(scene_send(scene, p->t1, 0, &one, 1));
        struct arena arena = {0};
        number = ((const Alcove__SubmitReply *)(const void *)scene_body(
                      scene, &alcove__submit_reply__descriptor, &arena))
                     ->section_number;
        arena_free(&arena);
        assert_int_equal(number, progress->timeline.number);
        scene->repeat_id = true;
        assert_int_equal(scene_send(scene, p->t1, 0, &other, 1), STATUS_REFUSED);
        scene_restart(scene);
    }
    /* Past the window it is known by its own number. */
    assert_int_equal(scene_send(scene, p->t1, 0, &one, 1), STATUS_ALREADY);
}

/* Goal: a device's own numbers run without a gap. Method: skipped, repeated, wrong link. */
static void test_device_numbers(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct hash wrong;
    memset(&wrong, 3, sizeof wrong);
    struct make_revision first;
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &first));
    send_changed(scene, progress, (struct change){.device_number = 3, .device_link = &first.link},
                 STATUS_CONFLICT);
    send_changed(scene, progress, (struct change){.device_number = 2, .device_link = &wrong},
                 STATUS_CONFLICT);
    send_changed(scene, progress, (struct change){.device_number = 2, .device_link = &first.link},
                 STATUS_OK);
}

/* Goal: what is too much or unsigned is malformed. Method: no thing at all, a note twice, the
 * door's word missing, an unknown purpose, a bundle without an invitation. */
static void test_malformed(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_SUBMIT, &ask.base), STATUS_MALFORMED);
    ask.purpose = PURPOSE_HCOMPL + 1;
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_SUBMIT, &ask.base), STATUS_MALFORMED);
    struct make_revision twice[2];
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &twice[0]);
    scene->unverified = true;
    assert_int_equal(scene_send(scene, p->t1, 0, twice, 1), STATUS_MALFORMED);
    scene->unverified = false;
    {
        struct change change = {
            .note = &twice[0].parsed.note, .device_number = 2, .device_link = &twice[0].link};
        scene_revision(scene, progress, p->t1, 0, change_context, &change, &twice[1]);
    }
    assert_int_equal(scene_send(scene, p->t1, 0, twice, 2), STATUS_MALFORMED);
    struct made epoch = make_epoch(scene->w, progress, p->t1, 0);
    ProtobufCBinaryData field = field_of(epoch.bytes.data, epoch.bytes.size);
    ask = (Alcove__SubmitAsk)ALCOVE__SUBMIT_ASK__INIT;
    ask.n_statement = 1;
    ask.statement = &field;
    ask.bundle = field_of("x", 1);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_SUBMIT, &ask.base), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_stored),
        SCENE_TEST(test_absent_is_forbidden),
        SCENE_TEST(test_lies_about_the_past),
        SCENE_TEST(test_chart_seen),
        SCENE_TEST(test_siblings),
        SCENE_TEST(test_conflict_tells),
        SCENE_TEST(test_locked),
        SCENE_TEST(test_anothers_note),
        SCENE_TEST(test_tombstone),
        SCENE_TEST(test_needs_epoch),
        SCENE_TEST(test_replay),
        SCENE_TEST(test_device_numbers),
        SCENE_TEST(test_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
