/*
 * AT-01 and AT-21 on the bytes themselves: every single bit of one revision and of one sealed
 * epoch on its way to a reader flipped, and every length that is too short.
 *
 * ALCOVE_HOSTILE_FLIPS  how many places of each part are tried, evenly spread (default 150; 0: every
 *                       bit and every length, which takes some minutes)
 */
#include "tests/hostile/kit.h"
#include "tests/support/test.h"

enum part {
    PART_CONTEXT,
    PART_HEADER,
    PART_SIGNATURE,
    PART_WRAP,
    PART_ENVELOPE,
    PART_STATEMENT, /* the epoch, seals and all */
    PARTS,
};
static const char *const names[PARTS] = {"context", "header",   "signature",
                                         "wrap",    "envelope", "epoch"};

struct change {
    enum part part;
    bool cut;     /* else flip */
    size_t place; /* bit, or length */
    size_t size;  /* of the part, once seen */
    bool done;
};

static struct scene scene;
static struct section_id shared;

static ProtobufCBinaryData *epoch_in(Alcove__ChainReply *reply)
{
    ProtobufCBinaryData *found = NULL;
    for (size_t i = 0; i < reply->n_entry && found == NULL; i++) {
        struct statement statement;
        OK(statement_parse(field_span(reply->entry[i]->statement), &scene.server.practice,
                           &statement));
        found = statement.rule->type == STATEMENT_EPOCH ? &reply->entry[i]->statement : NULL;
        statement_free(&statement);
    }
    return found;
}

static ProtobufCBinaryData *field_in(const struct change *change, uint32_t op,
                                     ProtobufCMessage *body)
{
    if (change->part == PART_STATEMENT && op == OP_CHAIN) {
        return epoch_in((Alcove__ChainReply *)(void *)body);
    }
    if (change->part == PART_STATEMENT || op != FRAME_CHUNK + 1000) {
        return NULL;
    }
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)body;
    for (size_t i = 0; i < chunk->n_entry; i++) {
        Alcove__PageEntry *entry = chunk->entry[i];
        ProtobufCBinaryData *parts[] = {&entry->context, &entry->header, &entry->signature,
                                        &entry->wrap, &entry->envelope};
        if (entry->kind == ENTRY_REVISION) {
            return parts[change->part];
        }
    }
    return NULL;
}

static bool apply(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                  ProtobufCMessage *body)
{
    struct change *change = context;
    (void)link;
    (void)code;
    ProtobufCBinaryData *field = change->done ? NULL : field_in(change, op, body);
    if (field == NULL) {
        return true;
    }
    change->size = field->len;
    change->done = true;
    if (change->cut && change->place < field->len) {
        field->len = change->place;
    } else if (!change->cut && change->place / 8 < field->len) {
        field->data[change->place / 8] ^= (uint8_t)(1u << change->place % 8);
    }
    return true;
}

static int open_scene(void **state)
{
    (void)state;
    scene_open(&scene);
    shared = scene_section(&scene.therapist, CLASS_SHARED);
    scene_refresh(&scene.client);
    inproc_offline(&scene.client);
    uint64_t ticket = 0;
    OK(act_rotate(scene.therapist.engine, &shared, scene.server.now_ms, &ticket));
    scene_note(&scene.therapist, &shared, "text");
    return 0;
}

static int close_scene(void **state)
{
    (void)state;
    scene_close(&scene);
    return 0;
}

/* The client as it was before the news: nothing of a refused page is kept, but statements that
 * are true are, so the epoch is tried from an empty storage. */
static void refuse(struct change *change)
{
    struct inproc_person *client = &scene.client;
    inproc_offline(client);
    if (change->part == PART_STATEMENT) {
        memory_storage_reset(client->storage);
    }
    inproc_restart(client);
    struct kit_before before = kit_before(client);
    scene.server.hook = apply;
    scene.server.hook_context = change;
    const enum status status = inproc_run(client);
    scene.server.hook = NULL;
    assert_true(change->done);
    if (status == STATUS_OK || engine_alarm_count(client->engine) == 0) {
        fail_msg("%s: %s %zu was not noticed", names[change->part], change->cut ? "cut" : "bit",
                 change->place);
    }
    struct kit_before after = kit_before(client);
    assert_memory_equal(&after.content, &before.content, sizeof after.content);
}

static bool count_gap(void *visitor, const struct view_gap *gap)
{
    size_t *gaps = visitor;
    *gaps += gap->kind == VIEW_GAP_UNOPENED ? 1 : 0;
    return true;
}

/* A wrap is under no signature: a changed one stops nothing, and opens nothing. */
static void leave_gap(struct change *change)
{
    struct inproc_person *client = &scene.client;
    inproc_offline(client);
    memory_storage_reset(client->storage);
    inproc_restart(client);
    scene.server.hook = apply;
    scene.server.hook_context = change;
    inproc_sync(client);
    scene.server.hook = NULL;
    assert_true(change->done);
    size_t gaps = 0;
    OK(view_gaps(client->engine, count_gap, &gaps));
    assert_int_equal(gaps, 1);
    assert_null(strstr(scene_read(client, &shared).seen, "text"));
}

static size_t tries(size_t all)
{
    const char *text = getenv("ALCOVE_HOSTILE_FLIPS");
    const size_t wanted = text != NULL ? (size_t)strtoull(text, NULL, 10) : 150;
    return wanted == 0 || wanted > all ? all : wanted;
}

static void try_all(enum part part, bool cut)
{
    void (*meet)(struct change *) = part == PART_WRAP && !cut ? leave_gap : refuse;
    struct change probe = {.part = part, .cut = cut, .place = 0};
    meet(&probe);
    const size_t all = cut ? probe.size : probe.size * 8;
    const size_t count = tries(all);
    for (size_t i = 0; i < count; i++) {
        /* Spread over the whole and over the bits of a byte. */
        const size_t place = count == all ? i : i * all / count + i % 8;
        struct change change = {.part = part, .cut = cut, .place = place < all ? place : all - 1};
        meet(&change);
    }
    print_message("%s: %zu of %zu %s, all %s\n", names[part], count, all, cut ? "lengths" : "bits",
                  meet == refuse ? "refused" : "left a gap");
}

/* Goal: no bit of a revision and of a sealed key can change on its way, and nothing be cut off.
 * Method: one at a time, in an honest session of a client who is about to see it. */
static void test_AT21_every_bit(void **state)
{
    (void)state;
    for (int part = 0; part < PART_STATEMENT; part++) {
        if (part != PART_WRAP) {
            try_all((enum part)part, false);
        }
    }
}
static void test_AT21_every_length(void **state)
{
    (void)state;
    for (int part = 0; part < PART_STATEMENT; part++) {
        try_all((enum part)part, true);
    }
}
static void test_AT01_sealed_keys(void **state)
{
    (void)state;
    try_all(PART_STATEMENT, false);
    try_all(PART_STATEMENT, true);
}

/* Goal: a wrap is under no signature; what it opens is. Method: the same with each bit of it. */
static void test_AT21_every_bit_of_a_wrap(void **state)
{
    (void)state;
    try_all(PART_WRAP, false);
}

/* Goal: the control: nothing changed, everything is there. */
static void test_control(void **state)
{
    (void)state;
    memory_storage_reset(scene.client.storage);
    inproc_restart(&scene.client);
    inproc_sync(&scene.client);
    assert_string_equal(scene_read(&scene.client, &shared).seen, "[text]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_AT21_every_bit),   cmocka_unit_test(test_AT21_every_length),
        cmocka_unit_test(test_AT01_sealed_keys), cmocka_unit_test(test_AT21_every_bit_of_a_wrap),
        cmocka_unit_test(test_control),
    };
    return cmocka_run_group_tests(tests, open_scene, close_scene);
}
