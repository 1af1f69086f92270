/*
 * Spoilt requests of every kind. Goal: whatever bytes a peer sends, the core gives a typed
 * answer and one event, aborts nothing and stores nothing. Method: a good request of each op,
 * cut short at every byte and with every bit flipped, decoded as at the door; all of one op in
 * one transaction, after which the good request still works.
 */
#include "tests/unit/core/core_scene.h"

#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"

struct sample {
    uint32_t op;
    const ProtobufCMessageDescriptor *descriptor;
    const ProtobufCMessage *message;
    bool stores; /* when it is whole */
};

struct spoil {
    struct scene *scene;
    struct txn *txn;
    struct core_peer peer;
    const struct sample *sample;
    uint64_t id;
    size_t tries;
    size_t malformed;
};

static void one(struct spoil *spoil, struct span body)
{
    struct core_ask ask = {
        .op = spoil->sample->op, .peer = &spoil->peer, .revisions_verified = true};
    uint64_t events = ledger_size(spoil->txn, LEDGER_EVENTS);
    uint64_t statements = ledger_size(spoil->txn, LEDGER_STATEMENTS);
    spoil->id++;
    memcpy(ask.id.bytes, &spoil->id, sizeof spoil->id);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    if (message_decode(spoil->sample->descriptor, body, &arena, &message) == STATUS_OK) {
        ask.message = message;
    }
    struct core_answer answer = {0};
    OK(core_handle(spoil->scene->core, spoil->txn, &ask, spoil->scene->w->time_ms, &answer));
    assert_true(answer.status <= STATUS_READ_ONLY);
    bool left = answer.event != UINT64_MAX;
    assert_true(left || answer.status == STATUS_OK); /* what is refused always leaves its line */
    assert_int_equal(ledger_size(spoil->txn, LEDGER_EVENTS), events + (left ? 1 : 0));
    assert_true(!left || answer.event == events);
    assert_int_equal(ledger_size(spoil->txn, LEDGER_STATEMENTS), statements);
    if (spoil->sample->stores) {
        assert_int_not_equal(answer.status, STATUS_OK);
    }
    spoil->tries++;
    spoil->malformed += answer.status == STATUS_MALFORMED;
    core_answer_clear(&answer);
    arena_free(&arena);
}

/* Copies of exactly the size, so that reading past the end is seen. */
static void cut_and_flip(struct spoil *spoil, const uint8_t *bytes, size_t size)
{
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut == 0 ? 1 : cut); /* exact, so that ASan sees a read past it */
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        one(spoil, span_of(copy, cut));
        free(copy);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        uint8_t *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, bytes, size);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        one(spoil, span_of(copy, size));
        free(copy);
    }
}

static void spoil_sample(struct scene *scene, const struct make_person *person,
                         const struct sample *sample)
{
    struct spoil spoil = {.scene = scene, .sample = sample};
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(sample->message, &bytes, &size));
    core_allow(scene->core, 0); /* as many as it takes */
    scene_peer(scene, person, 0, &spoil.peer);
    spoil.id = (uint64_t)sample->op << 32;
    OK(db_begin_write(scene->db, &spoil.txn));
    cut_and_flip(&spoil, bytes, size);
    OK(db_commit(spoil.txn));
    core_effects_clear(scene->core);
    free(bytes);
    print_message("op %u: %zu spoilt requests, %zu malformed\n", (unsigned)sample->op, spoil.tries,
                  spoil.malformed);
    OK(scene_ask(scene, person, 0, sample->op, sample->message));
}

static void test_reads(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__StateAsk state_ask = ALCOVE__STATE_ASK__INIT;
    Alcove__LeavesAsk leaves = ALCOVE__LEAVES_ASK__INIT;
    Alcove__ChainAsk chain = ALCOVE__CHAIN_ASK__INIT;
    Alcove__CheckpointAsk checkpoint = ALCOVE__CHECKPOINT_ASK__INIT;
    Alcove__ProofAsk proof = ALCOVE__PROOF_ASK__INIT;
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    Alcove__OpenedAsk opened = ALCOVE__OPENED_ASK__INIT;
    Alcove__Opened word = ALCOVE__OPENED__INIT;
    Alcove__EventsAsk events = ALCOVE__EVENTS_ASK__INIT;
    Alcove__EventLeavesAsk event_leaves = ALCOVE__EVENT_LEAVES_ASK__INIT;
    Alcove__Seen seen = ALCOVE__SEEN__INIT;
    struct hash root;
    scene_root(scene, LEDGER_STATEMENTS, 3, &root);
    seen.statements_size = 3;
    seen.statements_root = field_of(root.bytes, HASH_BYTES);
    checkpoint.seen = &seen;
    leaves.from = 1;
    leaves.to = 4;
    chain.label = field_of(p->c1->label.bytes, HASH_BYTES);
    proof.log = 1;
    proof.index = 1;
    proof.size = 4;
    page.section = field_of(progress->id.bytes, ID_BYTES);
    page.from = 1;
    page.to = 2;
    page.events_size = 3;
    page.purpose = PURPOSE_TREAT;
    ProtobufCBinaryData sections[2];
    sections[0] = page.section;
    sections[1] = page.section;
    subscribe.n_section = 2;
    subscribe.section = sections;
    word.section = page.section;
    word.note = field_of(root.bytes, ID_BYTES);
    word.link = field_of(root.bytes, HASH_BYTES);
    word.member = field_of(p->t1->id.bytes, ID_BYTES);
    word.device = field_of(p->t1->device[0].statement.bytes, HASH_BYTES);
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(&word.base, &bytes, &size));
    opened.opened = field_of(bytes, size);
    uint8_t signature[SIGNATURE_BYTES] = {7};
    opened.signature = field_of(signature, sizeof signature);
    events.scope = ACTION_LOG_OWN;
    events.limit = 4;
    events.section = page.section;
    events.time_from_ms = 1;
    event_leaves.from = 1;
    event_leaves.to = 4;
    {
        const struct sample samples[] = {
            {OP_STATE, &alcove__state_ask__descriptor, &state_ask.base, false},
            {OP_LEAVES, &alcove__leaves_ask__descriptor, &leaves.base, false},
            {OP_CHAIN, &alcove__chain_ask__descriptor, &chain.base, false},
            {OP_CHECKPOINT, &alcove__checkpoint_ask__descriptor, &checkpoint.base, false},
            {OP_PROOF, &alcove__proof_ask__descriptor, &proof.base, false},
            {OP_PAGE, &alcove__page_ask__descriptor, &page.base, false},
            {OP_SUBSCRIBE, &alcove__subscribe_ask__descriptor, &subscribe.base, false},
            {OP_OPENED, &alcove__opened_ask__descriptor, &opened.base, false},
            {OP_EVENTS, &alcove__events_ask__descriptor, &events.base, false},
        };
        const struct sample audit = {OP_EVENT_LEAVES, &alcove__event_leaves_ask__descriptor,
                                     &event_leaves.base, false};
        for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
            spoil_sample(scene, p->t1, &samples[i]);
        }
        spoil_sample(scene, p->au, &audit);
    }
    free(bytes);
}

/* A statement of each chain, and a revision; nothing spoilt is stored. The purpose is left
 * out and revisions carry no wrap's worth of meaning: each byte that is sent is signed or is
 * of a length that is checked. */
static void test_submits(void **state)
{
    static const uint8_t envelope[64];
    static const uint8_t wrap[WRAP_BYTES];
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__Revision wire = ALCOVE__REVISION__INIT;
    Alcove__Revision *list[] = {&wire};
    struct made made[2];
    made[0] = make_epoch(scene->w, progress, p->t1, 0);
    made[1] = make_device_statement(scene->w, p->t1);
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        ProtobufCBinaryData field = field_of(made[i].bytes.data, made[i].bytes.size);
        Alcove__SubmitAsk submit = ALCOVE__SUBMIT_ASK__INIT;
        const struct sample sample = {OP_SUBMIT, &alcove__submit_ask__descriptor, &submit.base,
                                      true};
        submit.n_statement = 1;
        submit.statement = &field;
        spoil_sample(scene, p->t1, &sample);
        (void)make_take(scene->w, made[i]);
    }
    struct make_revision revision;
    scene_revision(scene, progress, p->t1, 0, NULL, NULL, &revision);
    wire.context = field_of(revision.context, revision.context_size);
    wire.header = field_of(revision.header, revision.header_size);
    wire.signature = field_of(revision.signature.bytes, SIGNATURE_BYTES);
    wire.wrap = field_of(wrap, sizeof wrap);
    wire.envelope = field_of(envelope, sizeof envelope);
    {
        Alcove__SubmitAsk submit = ALCOVE__SUBMIT_ASK__INIT;
        struct spoil spoil = {.scene = scene};
        const struct sample sample = {OP_SUBMIT, &alcove__submit_ask__descriptor, &submit.base,
                                      true};
        /* Of a revision what is neither signed nor hashed, signature and wrap, is the door's
         * and the readers' to judge: here they stand last and are only cut. */
        submit.n_revision = 1;
        submit.revision = list;
        submit.purpose = PURPOSE_TREAT;
        uint8_t *bytes = NULL;
        size_t size = 0;
        OK(message_pack(&submit.base, &bytes, &size));
        size_t signed_size = wire.context.len + wire.header.len;
        spoil.sample = &sample;
        scene_peer(scene, p->t1, 0, &spoil.peer);
        OK(db_begin_write(scene->db, &spoil.txn));
        for (size_t cut = 0; cut < size; cut++) {
            one(&spoil, span_of(bytes, cut));
        }
        for (size_t bit = 0; bit < signed_size * 8; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            one(&spoil, span_of(bytes, size));
            bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        OK(db_commit(spoil.txn));
        core_effects_clear(scene->core);
        free(bytes);
        OK(scene_ask(scene, p->t1, 0, OP_SUBMIT, &submit.base));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_reads),
        SCENE_TEST(test_submits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
