/*
 * An evil server: the real one's honest messages, one of them changed. Whatever is changed, the
 * client stops with an alarm, shows nothing of it, and moves on nowhere.
 */
#include "keys/public/random.h"
#include "tests/unit/engine/scene.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OK(call) assert_int_equal((call), STATUS_OK)

/* One way of lying; applied to the first message of its op after arming. */
struct lie {
    const char *name;
    uint32_t op;
    enum status expected;
    void (*change)(ProtobufCMessage *body);
    bool done;
};

static void flip(ProtobufCBinaryData *field)
{
    assert_true(field->len > 0);
    field->data[field->len / 2] ^= 1;
}

#define AS(type, body) ((Alcove__##type *)(void *)(body))

/* ---- greeting and login */

static void other_practice(ProtobufCMessage *body)
{
    flip(&AS(Hello, body)->practice);
}
static void other_login_key(ProtobufCMessage *body)
{
    flip(&AS(Hello, body)->login_key);
}
static void forged_checkpoint(ProtobufCMessage *body)
{
    ProtobufCBinaryData *note = &AS(Hello, body)->events_checkpoint;
    note->data[note->len - 12] = note->data[note->len - 12] == 'A' ? 'B' : 'A';
}
static void forged_login_reply(ProtobufCMessage *body)
{
    flip(&AS(LoginReply, body)->signature);
}
static void forged_login_consistency(ProtobufCMessage *body)
{
    Alcove__Consistency *events = AS(LoginReply, body)->events;
    assert_true(events != NULL && events->n_path > 0);
    flip(&events->path[0]);
}
static void short_login_consistency(ProtobufCMessage *body)
{
    Alcove__Consistency *events = AS(LoginReply, body)->events;
    assert_true(events != NULL && events->n_path > 0);
    events->n_path--;
}

/* ---- statements */

static void changed_leaf(ProtobufCMessage *body)
{
    AS(LeavesReply, body)->leaves.data[50] ^= 1;
}
static void missing_leaf(ProtobufCMessage *body)
{
    AS(LeavesReply, body)->leaves.len -= LEAF_BYTES;
}
static void moved_leaves(ProtobufCMessage *body)
{
    AS(LeavesReply, body)->from++;
}
static void withheld_statement(ProtobufCMessage *body)
{
    Alcove__ChainReply *reply = AS(ChainReply, body);
    assert_true(reply->n_entry > 0);
    reply->n_entry = 0;
    reply->more = false;
}
static void changed_statement(ProtobufCMessage *body)
{
    flip(&AS(ChainReply, body)->entry[0]->statement);
}
static void changed_statement_time(ProtobufCMessage *body)
{
    AS(ChainReply, body)->entry[0]->time_ms++;
}
static void changed_statement_opening(ProtobufCMessage *body)
{
    flip(&AS(ChainReply, body)->entry[0]->opening);
}
static void moved_statement(ProtobufCMessage *body)
{
    AS(ChainReply, body)->entry[0]->seq--;
}
static void hidden_section(ProtobufCMessage *body)
{
    Alcove__StateReply *reply = AS(StateReply, body);
    for (size_t i = 0; i < reply->n_section; i++) {
        reply->section[i]->number = 1;
    }
}
static void forged_advance(ProtobufCMessage *body)
{
    Alcove__CheckpointReply *reply = AS(CheckpointReply, body);
    assert_true(reply->events->n_consistency > 0);
    flip(&reply->events->consistency[0]);
}

/* ---- pages */

static void page_other_range(ProtobufCMessage *body)
{
    AS(PageReply, body)->to++;
}
static void page_other_head(ProtobufCMessage *body)
{
    flip(&AS(PageReply, body)->section_head_before);
}
static void page_bad_inclusion(ProtobufCMessage *body)
{
    Alcove__PageReply *reply = AS(PageReply, body);
    assert_true(reply->proof->n_inclusion > 0);
    flip(&reply->proof->inclusion[0]);
}
static void page_changed_event(ProtobufCMessage *body)
{
    flip(&AS(PageReply, body)->proof->leaf->target);
}
static void page_no_target(ProtobufCMessage *body)
{
    Alcove__EventLeaf *leaf = AS(PageReply, body)->proof->leaf;
    leaf->target.len = 0;
    leaf->target_opening.len = 0;
}
static void page_no_proof(ProtobufCMessage *body)
{
    AS(PageReply, body)->proof = NULL;
}
static void page_old_checkpoint(ProtobufCMessage *body)
{
    flip(&AS(PageReply, body)->proof->advance->checkpoint);
}

/* ---- entries */

static Alcove__PageEntry *revision_in(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    for (size_t i = chunk->n_entry; i > 0; i--) {
        if (chunk->entry[i - 1]->kind == ENTRY_REVISION) {
            return chunk->entry[i - 1];
        }
    }
    fail_msg("no revision in this chunk");
    return NULL;
}
static void dropped_entry(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    assert_true(chunk->n_entry > 0);
    chunk->n_entry--;
}
static void renumbered_entry(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    chunk->entry[0]->number++;
}
static void doubled_entry(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    assert_true(chunk->n_entry > 1);
    chunk->entry[1] = chunk->entry[0];
}
static void swapped_entries(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    assert_true(chunk->n_entry > 1);
    Alcove__PageEntry first = *chunk->entry[0];
    uint64_t number = chunk->entry[1]->number;
    *chunk->entry[0] = *chunk->entry[1];
    chunk->entry[0]->number = first.number;
    *chunk->entry[1] = first;
    chunk->entry[1]->number = number;
}
static void changed_context(ProtobufCMessage *body)
{
    flip(&revision_in(body)->context);
}
static void changed_header(ProtobufCMessage *body)
{
    flip(&revision_in(body)->header);
}
static void changed_signature(ProtobufCMessage *body)
{
    flip(&revision_in(body)->signature);
}
static void changed_wrap(ProtobufCMessage *body)
{
    flip(&revision_in(body)->wrap);
}
static void changed_envelope(ProtobufCMessage *body)
{
    flip(&revision_in(body)->envelope);
}
static void cut_envelope(ProtobufCMessage *body)
{
    revision_in(body)->envelope.len--;
}
static void emptied_revision(ProtobufCMessage *body)
{
    Alcove__PageEntry *entry = revision_in(body);
    entry->wrap.len = 0;
    entry->envelope.len = 0;
}
static void other_object(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    for (size_t i = 0; i < chunk->n_entry; i++) {
        if (chunk->entry[i]->kind != ENTRY_REVISION) {
            flip(&chunk->entry[i]->object);
            return;
        }
    }
    fail_msg("no statement in this chunk");
}
static void unknown_kind(ProtobufCMessage *body)
{
    AS(PageChunk, body)->entry[0]->kind = 9;
}
static void early_end(ProtobufCMessage *body)
{
    Alcove__PageChunk *chunk = AS(PageChunk, body);
    chunk->n_entry = 0;
    chunk->last = true;
}

static struct lie lies[] = {
    {"other practice", FRAME_HELLO + 1000, STATUS_BAD_CHAIN, other_practice, false},
    {"other login key", FRAME_HELLO + 1000, STATUS_WRONG_KEY, other_login_key, false},
    {"forged checkpoint", FRAME_HELLO + 1000, STATUS_OK, forged_checkpoint, false},
    {"forged login reply", FRAME_LOGIN_REPLY + 1000, STATUS_BAD_SIGNATURE, forged_login_reply,
     false},
    {"forged consistency", FRAME_LOGIN_REPLY + 1000, STATUS_BAD_PROOF, forged_login_consistency,
     false},
    {"short consistency", FRAME_LOGIN_REPLY + 1000, STATUS_BAD_PROOF, short_login_consistency,
     false},
    {"changed leaf", OP_LEAVES, STATUS_BAD_PROOF, changed_leaf, false},
    {"missing leaf", OP_LEAVES, STATUS_OK, missing_leaf, false},
    {"moved leaves", OP_LEAVES, STATUS_BAD_PROOF, moved_leaves, false},
    {"withheld statement", OP_CHAIN, STATUS_BAD_CHAIN, withheld_statement, false},
    {"changed statement", OP_CHAIN, STATUS_OK, changed_statement, false},
    {"changed time", OP_CHAIN, STATUS_BAD_PROOF, changed_statement_time, false},
    {"changed opening", OP_CHAIN, STATUS_BAD_PROOF, changed_statement_opening, false},
    {"moved statement", OP_CHAIN, STATUS_OK, moved_statement, false},
    {"shrunk section", OP_STATE, STATUS_REWOUND, hidden_section, false},
    {"forged advance", OP_CHECKPOINT, STATUS_BAD_PROOF, forged_advance, false},
    {"other range", OP_PAGE, STATUS_BAD_PROOF, page_other_range, false},
    {"other head", OP_PAGE, STATUS_EQUIVOCATION, page_other_head, false},
    {"bad inclusion", OP_PAGE, STATUS_BAD_PROOF, page_bad_inclusion, false},
    {"changed event", OP_PAGE, STATUS_BAD_PROOF, page_changed_event, false},
    {"no target", OP_PAGE, STATUS_BAD_PROOF, page_no_target, false},
    {"no proof", OP_PAGE, STATUS_MALFORMED, page_no_proof, false},
    {"old checkpoint", OP_PAGE, STATUS_OK, page_old_checkpoint, false},
    {"dropped entry", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, dropped_entry, false},
    {"renumbered entry", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, renumbered_entry, false},
    {"doubled entry", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, doubled_entry, false},
    {"swapped entries", FRAME_CHUNK + 1000, STATUS_OK, swapped_entries, false},
    {"changed context", FRAME_CHUNK + 1000, STATUS_OK, changed_context, false},
    {"changed header", FRAME_CHUNK + 1000, STATUS_OK, changed_header, false},
    {"changed signature", FRAME_CHUNK + 1000, STATUS_OK, changed_signature, false},
    {"changed wrap", FRAME_CHUNK + 1000, STATUS_DAMAGED, changed_wrap, false},
    {"changed envelope", FRAME_CHUNK + 1000, STATUS_CORRUPT, changed_envelope, false},
    {"cut envelope", FRAME_CHUNK + 1000, STATUS_CORRUPT, cut_envelope, false},
    {"emptied revision", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, emptied_revision, false},
    {"other object", FRAME_CHUNK + 1000, STATUS_OK, other_object, false},
    {"unknown kind", FRAME_CHUNK + 1000, STATUS_MALFORMED, unknown_kind, false},
    {"early end", FRAME_CHUNK + 1000, STATUS_BAD_PROOF, early_end, false},
};

static bool tell(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                 ProtobufCMessage *body)
{
    (void)link;
    (void)code;
    struct lie *lie = context;
    if (op == lie->op && !lie->done) {
        lie->done = true;
        lie->change(body);
    }
    return true;
}

/* What a client holds; a lie may not change it. */
struct holds {
    char seen[8192];
    uint64_t statements, events;
};

static struct holds holds_of(struct inproc_person *person, const struct section_id *section)
{
    struct holds holds = {{0}, 0, 0};
    struct scene_texts texts = scene_read(person, section);
    memcpy(holds.seen, texts.seen, sizeof holds.seen);
    struct engine_state state;
    engine_state(person->engine, &state);
    holds.statements = state.statements_size;
    return holds;
}

static void one_lie(struct lie *lie)
{
    struct scene scene;
    uint64_t ticket = 0;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "before", &ticket);
    scene_wait(&scene.therapist, ticket);
    inproc_sync(&scene.client);
    /* News for the client: an epoch, which is a statement, and two notes. */
    inproc_offline(&scene.client);
    OK(act_rotate(scene.therapist.engine, &shared, scene.server.now_ms, &ticket));
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "news", &ticket);
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "more news", &ticket);
    scene_wait(&scene.therapist, ticket);
    struct holds before = holds_of(&scene.client, &shared);
    scene.server.hook = tell;
    scene.server.hook_context = lie;
    engine_sync(scene.client.engine);
    enum status status = inproc_run(&scene.client);
    if (lie->op == OP_CHECKPOINT && status == STATUS_OK && !lie->done) {
        engine_sync(scene.client.engine);
        status = inproc_run(&scene.client);
    }
    print_message("%-20s %s, %zu alarms\n", lie->name, status_name(status),
                  engine_alarm_count(scene.client.engine));
    assert_true(lie->done);
    assert_int_not_equal(status, STATUS_OK);
    if (lie->expected != STATUS_OK) {
        assert_int_equal(status, lie->expected);
    }
    assert_true(engine_alarm_count(scene.client.engine) >= 1);
    struct engine_state state;
    engine_state(scene.client.engine, &state);
    assert_int_equal(state.phase, ENGINE_STOPPED);
    struct span out;
    assert_false(engine_next_frame(scene.client.engine, &out));
    if (lie->op != OP_CHECKPOINT) {
        struct holds after = holds_of(&scene.client, &shared);
        assert_string_equal(after.seen, before.seen);
    }
    /* Honest again: everything comes, also after a restart from what was kept. */
    scene.server.hook = NULL;
    inproc_restart(&scene.client);
    inproc_sync(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[before][news][more news]");
    scene_close(&scene);
}

/* Goal: no single changed message is believed. Method: each lie of the table, told once to a
 * client that has seen something and is about to see more. */
static void test_every_lie_is_caught(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
        one_lie(&lies[i]);
    }
}

/* Goal: a server that forgot is not followed. Method: the keystore has seen more than the
 * server has. */
static void test_rewound_server_is_reported(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    inproc_offline(&scene.client);
    engine_free(scene.client.engine);
    scene.client.content.events.size += 1000;
    inproc_start(&scene.client);
    assert_int_equal(inproc_run(&scene.client), STATUS_REWOUND);
    assert_int_equal(engine_alarm(scene.client.engine, 0)->status, STATUS_REWOUND);
    scene_close(&scene);
}

/* Goal: a wiped cache cannot be rolled back. Method: storage emptied, the keystore kept; an
 * honest server restores everything. The keystore's root changed: another history. */
static void test_wiped_cache_is_checked_against_the_keystore(void **state)
{
    (void)state;
    struct scene scene;
    uint64_t ticket = 0;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_write(&scene.therapist, &shared, NULL, REVISION_DRAFT, "kept", &ticket);
    scene_wait(&scene.therapist, ticket);
    inproc_offline(&scene.therapist);
    memory_storage_reset(scene.therapist.storage);
    inproc_restart(&scene.therapist);
    inproc_sync(&scene.therapist);
    assert_string_equal(scene_read(&scene.therapist, &shared).seen, "[kept]");
    inproc_offline(&scene.therapist);
    memory_storage_reset(scene.therapist.storage);
    scene.therapist.content.statements.root.bytes[3] ^= 1;
    inproc_restart(&scene.therapist);
    assert_int_not_equal(inproc_run(&scene.therapist), STATUS_OK);
    assert_true(engine_alarm_count(scene.therapist.engine) > 0);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_lie_is_caught),
        cmocka_unit_test(test_rewound_server_is_reported),
        cmocka_unit_test(test_wiped_cache_is_checked_against_the_keystore),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
