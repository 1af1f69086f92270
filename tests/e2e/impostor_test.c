/*
 * An admin who also holds the server enrols a second identity under the id of a member who
 * exists, to be sealed to in their stead. The server's own code refuses that, so here it is
 * written straight into the server's log and served. Whoever sees it stops, says so by name, and
 * seals nothing more to anybody; whoever is not shown it seals to the true member alone.
 */
#include "client/engine/common/statement_make.h"
#include "keys/public/authority/authority.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "server/core/internal.h"
#include "server/store/chain_log.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

#define STEPS_MAX 20000

struct impostor {
    struct scene scene;
    struct inproc_person victim;
    struct section_id section;
    /* The second chain, as the evil server holds it. */
    struct chain_label label;
    struct made statement[2];
    struct chain_statement_new stored[2];
    uint64_t seq[2];
    bool shown;
    unsigned served;
};

static void open_scene(struct impostor *impostor)
{
    struct scene *scene = &impostor->scene;
    memset(impostor, 0, sizeof *impostor);
    scene_open(scene);
    scene_invite(&scene->admin, ROLE_THERAPIST, "Vera", &impostor->victim);
    scene_relate(scene, &scene->client, &impostor->victim, RELATION_TREATS);
    scene_refresh(&scene->therapist);
    impostor->section = scene_section(&scene->therapist, CLASS_PROGRESS);
    struct act_grant grant = {.section = impostor->section,
                              .member = impostor->victim.content.member,
                              .rights = RIGHT_READ};
    uint64_t ticket = 0;
    OK(act_grant(scene->therapist.engine, &grant, scene->server.now_ms, &ticket));
    scene_wait(&scene->therapist, ticket);
}

static void close_scene(struct impostor *impostor)
{
    make_free(&impostor->statement[0]);
    make_free(&impostor->statement[1]);
    inproc_person_free(&impostor->victim);
    scene_close(&impostor->scene);
}

/* ---- the two statements, and where they are put */

static void make_invitation(struct impostor *impostor, const struct identity_signer *key)
{
    const struct keystore_content *admin = &impostor->scene.admin.content;
    const struct make_place place = {
        .label = &impostor->label, .member = &admin->member, .device = &admin->device_statement};
    Alcove__Invitation body = ALCOVE__INVITATION__INIT;
    Alcove__Link link;
    make_link(&place, &link);
    body.link = &link;
    body.invited = field_of(impostor->victim.content.member.bytes, ID_BYTES);
    body.role = ROLE_THERAPIST;
    body.key = field_of(identity_signer_public(key)->bytes, PUBLIC_KEY_BYTES);
    body.expires_ms = impostor->scene.server.now_ms + 86400000u;
    const struct identity_signer *signer = admin->content_key;
    OK(make_statement(&impostor->scene.server.practice, STATEMENT_INVITATION, &body.base, &signer,
                      1, &impostor->statement[0]));
}

static void make_enrolment(struct impostor *impostor, const struct identity_signer *key)
{
    const struct make_place place = {.label = &impostor->label,
                                     .number = 1,
                                     .previous = &impostor->statement[0].hash,
                                     .member = &impostor->victim.content.member};
    Alcove__DeviceKeys wire = ALCOVE__DEVICE_KEYS__INIT;
    Alcove__Enrolment body = ALCOVE__ENROLMENT__INIT;
    struct keystore_content keys = {0};
    OK(keystore_content_init(&keys));
    struct identity_signer *identity = NULL;
    OK(identity_signer_new(IDENTITY_MEMBER, &identity));
    struct identity_signer *recovery = NULL;
    OK(identity_signer_new(IDENTITY_RECOVERY, &recovery));
    struct device_id device;
    random_bytes(device.bytes, sizeof device.bytes);
    Alcove__Link link;
    make_link(&place, &link);
    wire.device = field_of(device.bytes, ID_BYTES);
    wire.content_key = field_of(identity_signer_public(keys.content_key)->bytes, PUBLIC_KEY_BYTES);
    wire.login_key = field_of(identity_signer_public(keys.login)->bytes, PUBLIC_KEY_BYTES);
    wire.sealing_key = field_of(identity_sealer_public(keys.sealing)->bytes, PUBLIC_KEY_BYTES);
    wire.suite_min = 1;
    body.link = &link;
    body.identity_key = field_of(identity_signer_public(identity)->bytes, PUBLIC_KEY_BYTES);
    body.device = &wire;
    body.recovery_sealing_key = wire.sealing_key;
    body.recovery_signing_key = field_of(identity_signer_public(recovery)->bytes, PUBLIC_KEY_BYTES);
    const struct identity_signer *signers[] = {identity, key};
    OK(make_statement(&impostor->scene.server.practice, STATEMENT_ENROLMENT, &body.base, signers, 2,
                      &impostor->statement[1]));
    identity_signer_free(identity);
    identity_signer_free(recovery);
    keystore_content_deinit(&keys);
}

/* Past the core, which would refuse it. */
static void put_into_log(struct impostor *impostor)
{
    struct inproc *server = &impostor->scene.server;
    struct txn *txn = NULL;
    OK(db_begin_write(server->db, &txn));
    for (unsigned i = 0; i < 2; i++) {
        struct chain_statement_new *stored = &impostor->stored[i];
        *stored = (struct chain_statement_new){
            .label = impostor->label,
            .subject_kind = STATEMENT_OF_MEMBER,
            .type = i == 0 ? STATEMENT_INVITATION : STATEMENT_ENROLMENT,
            .number = i,
            .hash = impostor->statement[i].hash,
            .bytes = span_of(impostor->statement[i].data, impostor->statement[i].size),
            .time_ms = server->now_ms,
        };
        random_bytes(stored->opening, sizeof stored->opening);
        struct hash leaf;
        OK(chain_log_append(txn, stored, &impostor->seq[i], &leaf));
    }
    OK(db_commit(txn));
    inproc_sign(server);
}

static void enrol_impostor(struct impostor *impostor)
{
    random_bytes(impostor->label.bytes, sizeof impostor->label.bytes);
    struct identity_signer *key = NULL;
    OK(identity_signer_new(IDENTITY_INVITATION, &key));
    make_invitation(impostor, key);
    make_enrolment(impostor, key);
    identity_signer_free(key);
    put_into_log(impostor);
}

/* ---- serving it */

static bool add_chain(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                      ProtobufCMessage *body)
{
    static Alcove__ChainState state;
    static Alcove__ChainState *list[256];
    struct impostor *impostor = context;
    (void)link;
    (void)code;
    if (op == OP_STATE && impostor->shown) {
        Alcove__StateReply *reply = (Alcove__StateReply *)(void *)body;
        assert_true(reply->n_chain < ARRAY_LEN(list));
        for (size_t i = 0; i < reply->n_chain; i++) {
            list[i] = reply->chain[i];
        }
        alcove__chain_state__init(&state);
        state.label = field_of(impostor->label.bytes, HASH_BYTES);
        state.subject = STATEMENT_INVITATION;
        state.id = field_of(impostor->victim.content.member.bytes, ID_BYTES);
        state.count = 2;
        list[reply->n_chain++] = &state;
        reply->chain = list;
    }
    return true;
}

/* The core does not know the chain; the evil server answers for it. */
static enum status answer_chain(struct impostor *impostor, struct inproc_person *person,
                                const Alcove__Frame *asked)
{
    Alcove__ChainEntry entries[2];
    Alcove__ChainEntry *list[2] = {&entries[0], &entries[1]};
    Alcove__ChainReply reply = ALCOVE__CHAIN_REPLY__INIT;
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    for (unsigned i = 0; i < 2; i++) {
        alcove__chain_entry__init(&entries[i]);
        entries[i].statement = field_of(impostor->statement[i].data, impostor->statement[i].size);
        entries[i].seq = impostor->seq[i];
        entries[i].time_ms = impostor->stored[i].time_ms;
        entries[i].opening =
            field_of(impostor->stored[i].opening, sizeof impostor->stored[i].opening);
    }
    reply.n_entry = 2;
    reply.entry = list;
    reply.event = 1;
    uint8_t body[8192];
    size_t size = 0;
    OK(message_pack_into(&reply.base, body, sizeof body, &size));
    frame.kind = FRAME_REPLY;
    frame.request_id = asked->request_id;
    frame.body = field_of(body, size);
    uint8_t *bytes = NULL;
    OK(message_pack(&frame.base, &bytes, &size));
    impostor->served++;
    enum status status =
        engine_receive(person->engine, span_of(bytes, size), impostor->scene.server.now_ms);
    free(bytes);
    return status;
}

static enum status send_frame(struct impostor *impostor, struct inproc_person *person,
                              struct span out)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, out, &arena, &message));
    const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
    bool evil = false;
    if (frame->kind == FRAME_REQUEST && frame->code == OP_CHAIN) {
        ProtobufCMessage *ask = NULL;
        OK(message_decode(&alcove__chain_ask__descriptor, field_span(frame->body), &arena, &ask));
        evil = span_equal(field_span(((const Alcove__ChainAsk *)(const void *)ask)->label),
                          ID_SPAN(&impostor->label));
    }
    enum status status = STATUS_OK;
    if (evil) {
        status = answer_chain(impostor, person, frame);
    } else {
        inproc_handle(&person->link, out);
    }
    arena_free(&arena);
    return status;
}

/* As inproc_run, but for that chain. */
static enum status run(struct impostor *impostor, struct inproc_person *person)
{
    struct inproc *server = &impostor->scene.server;
    inproc_offline(person);
    inproc_connect(server, &person->link);
    engine_start(person->engine, person->link.exporter, server->now_ms);
    person->connected = true;
    engine_tick(person->engine, server->now_ms);
    enum status status = STATUS_OK;
    for (int step = 0; step < STEPS_MAX && status == STATUS_OK; step++) {
        struct inproc_frame *in = person->link.first;
        struct span out;
        if (in != NULL) {
            person->link.first = in->next;
            person->link.last = in->next != NULL ? person->link.last : NULL;
            status = engine_receive(person->engine, span_of(in->data, in->size), server->now_ms);
            free(in->data);
            free(in);
        } else if (engine_next_frame(person->engine, &out)) {
            server->now_ms++;
            status = send_frame(impostor, person, out);
        } else {
            break;
        }
    }
    return status;
}

/* ---- tests */

/* Goal: whoever sees a second identity stops, names the member, and seals nothing more. Method:
 * shown to the owner of a section that the member reads, who has a note waiting; and to others
 * who share nothing. */
static void test_who_sees_it_stops(void **state)
{
    static struct impostor impostor;
    (void)state;
    open_scene(&impostor);
    enrol_impostor(&impostor);
    impostor.shown = true;
    impostor.scene.server.hook = add_chain;
    impostor.scene.server.hook_context = &impostor;
    struct inproc_person *people[] = {&impostor.scene.therapist, &impostor.scene.admin,
                                      &impostor.victim};
    uint64_t ticket = 0;
    (void)scene_write(&impostor.scene.therapist, &impostor.section, NULL, REVISION_DRAFT,
                      "not for the impostor", &ticket);
    uint64_t submitted = impostor.scene.server.ops[OP_SUBMIT];
    for (size_t i = 0; i < ARRAY_LEN(people); i++) {
        unsigned served = impostor.served;
        assert_int_equal(run(&impostor, people[i]), STATUS_EQUIVOCATION);
        assert_int_equal(impostor.served, served + 1u);
        struct engine_state now;
        engine_state(people[i]->engine, &now);
        assert_int_equal(now.phase, ENGINE_STOPPED);
        assert_int_equal(now.why, STATUS_EQUIVOCATION);
        assert_int_equal(engine_alarm_count(people[i]->engine), 1);
        const struct engine_alarm *alarm = engine_alarm(people[i]->engine, 0);
        print_message("%s (%s)\n", alarm->reason, alarm->evidence);
        char name[VIEW_NAME_BYTES_MAX];
        view_name(people[i]->engine, &impostor.victim.content.member, name);
        assert_true(strstr(alarm->reason, name) != NULL || strstr(alarm->evidence, name) != NULL);
    }
    assert_int_equal(impostor.scene.server.ops[OP_SUBMIT], submitted);
    close_scene(&impostor);
}

/* Goal: whoever is not shown the second chain seals to the true member's devices alone. Method:
 * the leaves are in the log, the chain is in nobody's list; the owner writes under a new epoch,
 * whose recipients are looked at one by one. */
static void test_who_is_not_shown_it_seals_to_the_true_member(void **state)
{
    static struct impostor impostor;
    (void)state;
    open_scene(&impostor);
    enrol_impostor(&impostor);
    struct inproc_person *owner = &impostor.scene.therapist;
    uint64_t ticket = 0;
    OK(act_rotate(owner->engine, &impostor.section, impostor.scene.server.now_ms, &ticket));
    assert_int_equal(run(&impostor, owner), STATUS_OK);
    const struct authority_section *section =
        authority_section(impostor.scene.server.core->authority, &impostor.section);
    assert_non_null(section);
    const struct authority_epoch *epoch = authority_epoch(section, authority_now(UINT64_MAX));
    assert_non_null(epoch);
    bool true_one = false;
    for (size_t i = 0; i < epoch->recipient_count; i++) {
        assert_false(ID_EQUAL(&epoch->recipients[i].hash, &impostor.statement[1].hash));
        true_one |= ID_EQUAL(&epoch->recipients[i].hash, &impostor.victim.content.device_statement);
    }
    assert_true(true_one);
    close_scene(&impostor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_sees_it_stops),
        cmocka_unit_test(test_who_is_not_shown_it_seals_to_the_true_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
