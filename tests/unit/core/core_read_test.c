/* What is told to whom: reads, subscriptions, the access log, and what the removed learn. */
#include "tests/unit/core/core_scene.h"

#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"

static enum status page(struct scene *scene, const struct make_person *person,
                        const uint8_t *section, uint64_t from, uint64_t to)
{
    Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
    ask.section = field_of(section, ID_BYTES);
    ask.from = from;
    ask.to = to;
    ask.purpose = PURPOSE_TREAT;
    return scene_ask(scene, person, 0, OP_PAGE, &ask.base);
}

/* Goal: a page is cut to what there is, and everything outside is refused by type. Method:
 * every bound. */
static void test_page(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    uint64_t last = progress->timeline.number;
    OK(page(scene, p->t1, progress->id.bytes, 1, 0));
    assert_int_equal(scene->answer.from, 1);
    assert_int_equal(scene->answer.to, last);
    scene_expect_event(scene, ACTION_READ, OUTCOME_OK);
    OK(page(scene, p->t1, progress->id.bytes, 2, 2));
    assert_int_equal(scene->answer.to, 2);
    OK(page(scene, p->t1, progress->id.bytes, 1, UINT64_MAX));
    assert_int_equal(scene->answer.to, last);
    scene->events = 0; /* nothing new is nothing handed out */
    OK(page(scene, p->t1, progress->id.bytes, last + 1, 0));
    assert_false(scene->answer.chunks);
    assert_int_equal(page(scene, p->t1, progress->id.bytes, last + 2, 0), STATUS_MALFORMED);
    assert_int_equal(page(scene, p->t1, progress->id.bytes, UINT64_MAX, 0), STATUS_MALFORMED);
    assert_int_equal(page(scene, p->t1, progress->id.bytes, 0, 0), STATUS_MALFORMED);
}

/* Goal: absent, foreign and left are one answer. Method: a page of each. */
static void test_page_refused(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *process = scene_section(scene, CLASS_PROCESS, p->c1, p->t1);
    uint8_t nowhere[ID_BYTES];
    const uint8_t *asked[2] = {process->id.bytes, nowhere};
    memset(nowhere, 0x44, sizeof nowhere);
    for (size_t i = 0; i < 2; i++) {
        const struct make_person *who[] = {p->t2, p->c1, p->ad1};
        for (size_t j = 0; j < ARRAY_LEN(who); j++) {
            assert_int_equal(page(scene, who[j], asked[i], 1, 0), STATUS_REFUSED);
            assert_null(scene->answer.body);
            assert_true(scene->answer.produce == NULL);
            scene_expect_event(scene, ACTION_READ, OUTCOME_REFUSED);
        }
        /* Bounds are not looked at before the permission. */
        assert_int_equal(page(scene, p->t2, asked[i], 0, 0), STATUS_REFUSED);
    }
}

/* Goal: a newcomer is handed nothing of what was before them. Method: the first number that T3 may
 * ask from, and each before it: with no epoch yet, with the epoch that lists them, with history; and
 * the section's maker. */
static void test_newcomer_is_handed_nothing_earlier(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_world *w = scene->w;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(scene_take(scene, p->ad1, make_relation(w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    OK(scene_take(scene, p->t1, make_grant(w, progress, p->t3, RIGHT_READ, 0, 0, p->t1)));
    uint64_t granted = progress->timeline.number;
    for (uint64_t from = 1; from <= granted + 1u; from++) {
        assert_int_equal(page(scene, p->t3, progress->id.bytes, from, 0), STATUS_REFUSED);
        assert_null(scene->answer.body);
        assert_true(scene->answer.produce == NULL);
        scene_expect_event(scene, ACTION_READ, OUTCOME_REFUSED);
    }
    OK(scene_take(scene, p->t1, make_epoch(w, progress, p->t1, 0)));
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    for (uint64_t from = 1; from <= granted + 1u; from++) {
        assert_int_equal(page(scene, p->t3, progress->id.bytes, from, 0), STATUS_REFUSED);
        scene_expect_event(scene, ACTION_READ, OUTCOME_REFUSED);
    }
    scene_restart(scene);
    OK(page(scene, p->t3, progress->id.bytes, granted + 2u, 0));
    assert_int_equal(scene->answer.from, granted + 2u);
    assert_int_equal(scene->answer.to, progress->timeline.number);
    OK(page(scene, p->t1, progress->id.bytes, 1, 0));
    OK(scene_take(scene, p->t1, make_grant(w, progress, p->t3, RIGHT_READ, 0, 1, p->t1)));
    OK(page(scene, p->t3, progress->id.bytes, 1, 0));
}

static const Alcove__SectionState *state_of(const Alcove__StateReply *reply,
                                            const struct make_section *section)
{
    for (size_t i = 0; i < reply->n_section; i++) {
        if (memcmp(reply->section[i]->section.data, section->id.bytes, ID_BYTES) == 0) {
            return reply->section[i];
        }
    }
    return NULL;
}

/* Goal: who was removed is told where, and nothing of what came after. Method: the state that
 * T3 is given before, after, after more was written, and when they are let in again. */
static void test_state_of_the_removed(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    OK(scene_take(scene, p->ad1,
                  make_relation(scene->w, p->c1, p->t3, RELATION_TREATS, 0, p->ad1)));
    struct hash grant = scene_share(scene, progress, p->t3, RIGHT_READ, 0, p->t1);
    OK(scene_take(scene, p->t1, make_revocation(scene->w, progress, &grant, p->t1)));
    uint64_t removed_at = progress->timeline.number;
    const Alcove__SectionState *told;
    struct arena arena = {0};
    for (int round = 0; round < 2; round++) {
        OK(scene_ask(scene, p->t3, 0, OP_STATE, &ask.base));
        told = state_of((const Alcove__StateReply *)(const void *)scene_body(
                            scene, &alcove__state_reply__descriptor, &arena),
                        progress);
        assert_non_null(told);
        assert_int_equal(told->ended_at, removed_at);
        assert_int_equal(told->number, removed_at);
        arena_free(&arena);
        OK(scene_take(scene, p->t1, make_epoch(scene->w, progress, p->t1, 0)));
        OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
        scene_restart(scene);
    }
    (void)scene_share(scene, progress, p->t3, RIGHT_READ, 0, p->t1);
    OK(scene_ask(scene, p->t3, 0, OP_STATE, &ask.base));
    told = state_of((const Alcove__StateReply *)(const void *)scene_body(
                        scene, &alcove__state_reply__descriptor, &arena),
                    progress);
    assert_int_equal(told->ended_at, 0);
    assert_int_equal(told->number, progress->timeline.number);
    arena_free(&arena);
    OK(scene_ask(scene, p->t2, 0, OP_STATE, &ask.base));
    assert_null(state_of((const Alcove__StateReply *)(const void *)scene_body(
                             scene, &alcove__state_reply__descriptor, &arena),
                         progress));
    arena_free(&arena);
}

/* Goal: chains are told to whoever may see them. Method: C1's by those of C1's team and by
 * T2; one that does not exist. */
static void test_chain(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    Alcove__ChainAsk ask = ALCOVE__CHAIN_ASK__INIT;
    ask.label = field_of(p->c1->label.bytes, HASH_BYTES);
    OK(scene_ask(scene, p->t1, 0, OP_CHAIN, &ask.base));
    struct arena arena = {0};
    const Alcove__ChainReply *reply = (const Alcove__ChainReply *)(const void *)scene_body(
        scene, &alcove__chain_reply__descriptor, &arena);
    assert_int_equal(reply->n_entry, 3); /* invited, enrolled, treated */
    arena_free(&arena);
    OK(scene_ask(scene, p->ad1, 0, OP_CHAIN, &ask.base));
    assert_int_equal(scene_ask(scene, p->t2, 0, OP_CHAIN, &ask.base), STATUS_REFUSED);
    assert_int_equal(scene_ask(scene, p->c2, 0, OP_CHAIN, &ask.base), STATUS_REFUSED);
    struct hash nowhere;
    memset(&nowhere, 0x55, sizeof nowhere);
    ask.label = field_of(nowhere.bytes, HASH_BYTES);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_CHAIN, &ask.base), STATUS_REFUSED);
    ask.label = field_of(nowhere.bytes, 31);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_CHAIN, &ask.base), STATUS_MALFORMED);
}

/* Goal: leaves and proofs, within their bounds. Method: each bound. */
static void test_leaves_and_proofs(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    uint64_t size = scene_size(scene, LEDGER_STATEMENTS);
    Alcove__LeavesAsk leaves = ALCOVE__LEAVES_ASK__INIT;
    Alcove__ProofAsk proof = ALCOVE__PROOF_ASK__INIT;
    Alcove__CheckpointAsk checkpoint = ALCOVE__CHECKPOINT_ASK__INIT;
    leaves.to = UINT64_MAX;
    OK(scene_ask(scene, p->c1, 0, OP_LEAVES, &leaves.base));
    struct arena arena = {0};
    const Alcove__LeavesReply *reply = (const Alcove__LeavesReply *)(const void *)scene_body(
        scene, &alcove__leaves_reply__descriptor, &arena);
    assert_int_equal(reply->leaves.len, size * LEAF_BYTES);
    arena_free(&arena);
    leaves.from = size + 1;
    assert_int_equal(scene_ask(scene, p->c1, 0, OP_LEAVES, &leaves.base), STATUS_MALFORMED);
    proof.log = 1;
    proof.index = size - 1;
    proof.size = size;
    OK(scene_ask(scene, p->c1, 0, OP_PROOF, &proof.base));
    proof.size = size + 1;
    assert_int_equal(scene_ask(scene, p->c1, 0, OP_PROOF, &proof.base), STATUS_MALFORMED);
    proof.size = size;
    proof.index = size;
    assert_int_equal(scene_ask(scene, p->c1, 0, OP_PROOF, &proof.base), STATUS_MALFORMED);
    proof.index = 0;
    for (uint32_t log = 0; log < 4; log += 3) {
        proof.log = log;
        assert_int_equal(scene_ask(scene, p->c1, 0, OP_PROOF, &proof.base), STATUS_MALFORMED);
    }
    scene_expect_event(scene, ACTION_SYNC_AUTHORITY, OUTCOME_REFUSED);
    OK(scene_ask(scene, p->c1, 0, OP_CHECKPOINT, &checkpoint.base));
    assert_int_equal(scene->answer.event, UINT64_MAX);
}

/* Goal: one subscribes to what one may read, once each, all or nothing. Method: twice the
 * same, one foreign among them, too many. */
static void test_subscribe(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *one = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *two = scene_section(scene, CLASS_SESSION, p->c1, p->t1);
    struct make_section *foreign = scene_section(scene, CLASS_PROGRESS, p->c2, p->t2);
    Alcove__SubscribeAsk ask = ALCOVE__SUBSCRIBE_ASK__INIT;
    ProtobufCBinaryData sections[SUBSCRIBE_SECTIONS_MAX + 1];
    sections[0] = field_of(one->id.bytes, ID_BYTES);
    sections[1] = field_of(two->id.bytes, ID_BYTES);
    sections[2] = sections[0];
    ask.section = sections;
    ask.n_section = 3;
    OK(scene_ask(scene, p->t1, 0, OP_SUBSCRIBE, &ask.base));
    assert_true(scene->answer.subscribe);
    assert_int_equal(scene->answer.section_count, 2);
    sections[2] = field_of(foreign->id.bytes, ID_BYTES);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_SUBSCRIBE, &ask.base), STATUS_REFUSED);
    assert_false(scene->answer.subscribe);
    scene_expect_event(scene, ACTION_SUBSCRIBE, OUTCOME_REFUSED);
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        sections[i] = sections[0];
    }
    ask.n_section = ARRAY_LEN(sections);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_SUBSCRIBE, &ask.base), STATUS_MALFORMED);
    ask.n_section = 0;
    OK(scene_ask(scene, p->t1, 0, OP_SUBSCRIBE, &ask.base));
    assert_int_equal(scene->answer.section_count, 0);
}

static enum status opened(struct scene *scene, const struct make_person *person,
                          const struct make_person *says, const uint8_t *section)
{
    static const uint8_t any[HASH_BYTES] = {1};
    Alcove__Opened word = ALCOVE__OPENED__INIT;
    Alcove__OpenedAsk ask = ALCOVE__OPENED_ASK__INIT;
    word.section = field_of(section, ID_BYTES);
    word.note = field_of(any, ID_BYTES);
    word.link = field_of(any, HASH_BYTES);
    word.member = field_of(says->id.bytes, ID_BYTES);
    word.device = field_of(says->device[0].statement.bytes, HASH_BYTES);
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(&word.base, &bytes, &size));
    ask.opened = field_of(bytes, size);
    enum status status = scene_ask(scene, person, 0, OP_OPENED, &ask.base);
    free(bytes);
    return status;
}

/* Goal: one says of oneself, of what one may read, that one opened it. Method: rightly, for
 * another, of a foreign section. */
static void test_opened(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *one = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    OK(opened(scene, p->t1, p->t1, one->id.bytes));
    scene_expect_event(scene, ACTION_OPENED, OUTCOME_OK);
    assert_int_equal(opened(scene, p->t1, p->t2, one->id.bytes), STATUS_MALFORMED);
    assert_int_equal(opened(scene, p->t2, p->t2, one->id.bytes), STATUS_REFUSED);
}

/* ---- the access log */

static const Alcove__EventsReply *events(struct scene *scene, const struct make_person *person,
                                         Alcove__EventsAsk *ask, struct arena *arena)
{
    ask->limit = ask->limit == 0 ? 100 : ask->limit;
    OK(scene_ask(scene, person, 0, OP_EVENTS, &ask->base));
    return (const Alcove__EventsReply *)(const void *)scene_body(
        scene, &alcove__events_reply__descriptor, arena);
}

static const Alcove__EventLeaf *find(const Alcove__EventsReply *reply, uint64_t seq)
{
    for (size_t i = 0; i < reply->n_leaf; i++) {
        if (reply->leaf[i]->seq == seq) {
            return reply->leaf[i];
        }
    }
    return NULL;
}

/* Goal: of a refused attempt the actor gets no target, the chart's client nothing restricted,
 * an auditor everything. Method: T2 tries C1's section; the line as each of them gets it. */
static void test_views(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__EventsAsk own = ALCOVE__EVENTS_ASK__INIT;
    Alcove__EventsAsk chart = ALCOVE__EVENTS_ASK__INIT;
    Alcove__EventsAsk all = ALCOVE__EVENTS_ASK__INIT;
    assert_int_equal(page(scene, p->t2, progress->id.bytes, 1, 0), STATUS_REFUSED);
    uint64_t seq = scene_size(scene, LEDGER_EVENTS) - 1;
    own.scope = ACTION_LOG_OWN;
    struct arena arena = {0};
    const Alcove__EventLeaf *leaf = find(events(scene, p->t2, &own, &arena), seq);
    assert_non_null(leaf);
    assert_int_equal(leaf->target.len + leaf->target_opening.len, 0);
    assert_true(leaf->restricted.len > 0);
    arena_free(&arena);
    chart.scope = ACTION_LOG_CHART;
    chart.chart = field_of(progress->chart.bytes, ID_BYTES);
    leaf = find(events(scene, p->c1, &chart, &arena), seq);
    assert_non_null(leaf);
    assert_true(leaf->target.len > 0);
    assert_int_equal(leaf->restricted.len + leaf->restricted_opening.len, 0);
    arena_free(&arena);
    all.scope = ACTION_LOG_ALL;
    leaf = find(events(scene, p->au, &all, &arena), seq);
    assert_non_null(leaf);
    assert_true(leaf->target.len > 0);
    assert_true(leaf->restricted.len > 0);
    arena_free(&arena);
    assert_int_equal(scene_ask(scene, p->c2, 0, OP_EVENTS, &chart.base), STATUS_REFUSED);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_EVENTS, &chart.base), STATUS_REFUSED);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_EVENTS, &all.base), STATUS_REFUSED);
    scene_expect_event(scene, ACTION_LOG_ALL, OUTCOME_REFUSED);
}

/* Goal: one's own log tells nothing about what exists. Method: try a section, a chart and a
 * person that exist and ones that do not, then ask for one's own lines by each: nothing, no
 * more, nowhere to go on, alike. */
static void test_own_log_is_no_oracle(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    uint8_t nowhere[ID_BYTES];
    memset(nowhere, 0x44, sizeof nowhere);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(page(scene, p->t2, progress->id.bytes, 1, 0), STATUS_REFUSED);
        assert_int_equal(page(scene, p->t2, nowhere, 1, 0), STATUS_REFUSED);
    }
    for (int i = 0; i < 6; i++) {
        Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
        const uint8_t *id = i % 2 == 0 ? nowhere
                            : i == 1   ? progress->id.bytes
                            : i == 3   ? progress->chart.bytes
                                       : p->c1->id.bytes;
        ask.scope = ACTION_LOG_OWN;
        ask.limit = 1;
        ask.section = field_of(id, i < 2 ? ID_BYTES : 0);
        ask.chart = field_of(id, i / 2 == 1 ? ID_BYTES : 0);
        ask.actor = field_of(id, i / 2 == 2 ? ID_BYTES : 0);
        struct arena arena = {0};
        const Alcove__EventsReply *reply = events(scene, p->t2, &ask, &arena);
        assert_int_equal(reply->n_leaf, 0);
        assert_false(reply->more);
        assert_int_equal(reply->scanned_to, 0);
        arena_free(&arena);
    }
    {
        Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
        ask.scope = ACTION_LOG_OWN;
        ask.section = field_of(progress->id.bytes, ID_BYTES);
        struct arena arena = {0};
        assert_int_equal(events(scene, p->t1, &ask, &arena)->n_leaf, 2); /* made, rotated */
        arena_free(&arena);
    }
}

/* Goal: an admin who ends a relation does not learn which sections it touched. Method: the
 * admin's own lines: that of the statement with its target, the echo without; the client gets
 * the echo's. */
static void test_echo_is_not_told(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *process = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    Alcove__EventsAsk own = ALCOVE__EVENTS_ASK__INIT;
    Alcove__EventsAsk chart = ALCOVE__EVENTS_ASK__INIT;
    scene->events = 2;
    OK(scene_take(scene, p->ad1, make_relation_end(scene->w, p->c1, &p->t1_treats_c1, p->ad1)));
    uint64_t seq = scene_size(scene, LEDGER_EVENTS) - 1;
    own.scope = ACTION_LOG_OWN;
    struct arena arena = {0};
    const Alcove__EventsReply *reply = events(scene, p->ad1, &own, &arena);
    assert_int_equal(find(reply, seq)->target.len, 0);
    assert_true(find(reply, seq - 1)->target.len > 0);
    arena_free(&arena);
    chart.scope = ACTION_LOG_CHART;
    chart.chart = field_of(process->chart.bytes, ID_BYTES);
    assert_true(find(events(scene, p->c1, &chart, &arena), seq)->target.len > 0);
    arena_free(&arena);
}

/* Goal: a chart's history comes whole, in pages, oldest first. Method: page by page; each line
 * once; the numbers without a gap. */
static void test_chart_in_pages(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    for (int i = 0; i < 7; i++) {
        OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, NULL));
    }
    uint64_t after = 0;
    bool more = true;
    for (uint64_t seen = 0; more; seen++) {
        Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
        ask.scope = ACTION_LOG_CHART;
        ask.chart = field_of(progress->chart.bytes, ID_BYTES);
        ask.after = after;
        ask.limit = 2;
        scene->events = after == 0 ? 1 : 0; /* one look, one line */
        struct arena arena = {0};
        const Alcove__EventsReply *reply = events(scene, p->c1, &ask, &arena);
        assert_true(reply->n_leaf > 0 && reply->n_leaf <= 2);
        assert_int_equal(reply->scanned_to, after + reply->n_leaf);
        after = reply->scanned_to;
        more = reply->more && seen < 100;
        arena_free(&arena);
    }
    assert_true(after == 2 + 7 + 1);
}

/* Goal: queries out of bounds are malformed. Method: each bound. */
static void test_events_bounds(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    uint64_t size = scene_size(scene, LEDGER_EVENTS);
    Alcove__EventLeavesAsk leaves = ALCOVE__EVENT_LEAVES_ASK__INIT;
    const struct {
        uint32_t scope;
        uint32_t limit;
        uint32_t action;
        uint64_t after;
    } wrong[] = {{0, 1, 0, 0},
                 {ACTION_READ, 1, 0, 0},
                 {ACTION_LOG_OWN, 0, 0, 0},
                 {ACTION_LOG_OWN, EVENTS_PER_PAGE_MAX + 1, 0, 0},
                 {ACTION_LOG_OWN, 1, 65536, 0},
                 {ACTION_LOG_OWN, 1, 0, UINT64_MAX}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
        ask.scope = wrong[i].scope;
        ask.limit = wrong[i].limit;
        ask.action = wrong[i].action;
        ask.after = wrong[i].after;
        assert_int_equal(scene_ask(scene, p->t1, 0, OP_EVENTS, &ask.base), STATUS_MALFORMED);
    }
    leaves.to = UINT64_MAX;
    OK(scene_ask(scene, p->au, 0, OP_EVENT_LEAVES, &leaves.base));
    assert_true(scene->answer.seq_count >= size);
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_EVENT_LEAVES, &leaves.base), STATUS_REFUSED);
    leaves.from = UINT64_MAX;
    assert_int_equal(scene_ask(scene, p->au, 0, OP_EVENT_LEAVES, &leaves.base), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_page),
        SCENE_TEST(test_page_refused),
        SCENE_TEST(test_newcomer_is_handed_nothing_earlier),
        SCENE_TEST(test_state_of_the_removed),
        SCENE_TEST(test_chain),
        SCENE_TEST(test_leaves_and_proofs),
        SCENE_TEST(test_subscribe),
        SCENE_TEST(test_opened),
        SCENE_TEST(test_views),
        SCENE_TEST(test_own_log_is_no_oracle),
        SCENE_TEST(test_echo_is_not_told),
        SCENE_TEST(test_chart_in_pages),
        SCENE_TEST(test_events_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
