#include "tests/unit/core/core_scene.h"

#include "keys/public/bytes/random.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "proto/message.h"
#include "proto/packing.h"
#include "proto/words.h"
#include "server/store/names.h"

#include <sodium.h>
#include <unistd.h>

/* ---- opening */

static void open_db(struct scene *scene, bool create)
{
    struct db_options options = {.map_bytes = (uint64_t)256 << 20, .create = create};
    char path[96];
    (void)snprintf(path, sizeof path, "%s/db", scene->folder);
    OK(db_open(path, &options, &scene->db));
}

static void install(struct scene *scene)
{
    struct span *all = calloc(scene->w->log_count, sizeof *all);
    assert_non_null(all);
    for (size_t i = 0; i < scene->w->log_count; i++) {
        all[i] = scene->w->log[i].bytes;
    }
    OK(core_install(scene->db, all, scene->w->log_count, NULL, 0, scene->w->time_ms));
    free(all);
}

int scene_setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    OK(random_init());
    void *practice = NULL;
    assert_int_equal(practice_setup(&practice), 0);
    scene->p = practice;
    scene->w = &scene->p->w;
    scene->events = 1;
    scene->login_key = make_key_new();
    (void)snprintf(scene->folder, sizeof scene->folder, "/tmp/alcove-core-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    open_db(scene, true);
    install(scene);
    OK(core_open(scene->db, &scene->login_key.public, scene->w->time_ms, &scene->core));
    *state = scene;
    return 0;
}

int scene_teardown(void **state)
{
    struct scene *scene = *state;
    void *practice = scene->p;
    core_answer_clear(&scene->answer);
    core_close(scene->core);
    db_close(scene->db);
    assert_int_equal(practice_teardown(&practice), 0);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", scene->folder);
    assert_int_equal(system(command), 0);
    free(scene);
    return 0;
}

void scene_restart(struct scene *scene)
{
    if (scene->db != NULL) {
        core_close(scene->core);
        db_close(scene->db);
    }
    open_db(scene, false);
    OK(core_open(scene->db, &scene->login_key.public, scene->w->time_ms, &scene->core));
}

/* ---- asking */

uint64_t scene_size(struct scene *scene, enum ledger_log log)
{
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    uint64_t size = ledger_size(txn, log);
    db_abort(txn);
    return size;
}

void scene_root(struct scene *scene, enum ledger_log log, uint64_t size, struct hash *out_root)
{
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    OK(ledger_root(txn, log, size, out_root));
    db_abort(txn);
}

void scene_peer(struct scene *scene, const struct make_person *person, size_t device,
                struct core_peer *out)
{
    memset(out, 0, sizeof *out);
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    OK(names_find(txn, SCHEMA_ID_MEMBER, person->id.bytes, &out->member_local));
    OK(names_find(txn, SCHEMA_ID_DEVICE, person->device[device].id.bytes, &out->device_local));
    db_abort(txn);
    out->member = person->id;
    out->role = person->role;
    out->device_statement = person->device[device].statement;
    out->device = person->device[device].id;
    out->content_key = person->device[device].content.public;
}

/* What everybody may have who is in, or what is nothing, leaves no line when it is answered. */
static bool is_unlogged(const struct scene *scene, const struct core_ask *ask)
{
    bool sync = ask->op == OP_STATE || ask->op == OP_LEAVES || ask->op == OP_CHAIN ||
                ask->op == OP_CHECKPOINT || ask->op == OP_PROOF || ask->op == OP_SUBSCRIBE;
    return sync && scene->answer.status == STATUS_OK && scene->answer.event == UINT64_MAX;
}

static void judge(struct scene *scene, struct core_ask *ask)
{
    uint64_t before = scene_size(scene, LEDGER_EVENTS);
    uint64_t now_ms = scene->now_ms != 0 ? scene->now_ms : scene->w->time_ms;
    ask->ended = scene->ended;
    core_answer_clear(&scene->answer);
    if (scene->turned_away) {
        core_turn_away(scene->core, ask, now_ms, scene_size(scene, LEDGER_STATEMENTS), before,
                       &scene->answer);
        assert_int_equal(scene_size(scene, LEDGER_EVENTS), before);
        return;
    }
    struct txn *txn = NULL;
    OK(db_begin_write(scene->db, &txn));
    scene->status = core_handle(scene->core, txn, ask, now_ms, &scene->answer);
    if (scene->status != STATUS_OK) {
        db_abort(txn);
        core_take_back(scene->core);
    } else {
        OK(db_commit(txn));
        core_effects_clear(scene->core);
        if (scene->events != SCENE_ANY_EVENTS) {
            assert_int_equal(scene_size(scene, LEDGER_EVENTS) - before,
                             is_unlogged(scene, ask) ? 0 : scene->events);
        }
    }
    scene->events = 1;
}

static void new_id(struct scene *scene)
{
    if (!scene->repeat_id) {
        memset(&scene->id, 0x5a, sizeof scene->id);
        scene->next_id++;
        memcpy(scene->id.bytes, &scene->next_id, sizeof scene->next_id);
    }
    scene->repeat_id = false;
}

enum status scene_ask(struct scene *scene, const struct make_person *person, size_t device,
                      uint32_t op, const ProtobufCMessage *message)
{
    struct core_ask ask = {.op = op, .message = message};
    struct core_peer peer;
    if (person != NULL) {
        scene_peer(scene, person, device, &peer);
        ask.peer = &peer;
    }
    new_id(scene);
    ask.id = scene->id;
    ask.revisions_verified = !scene->unverified;
    ask.brought = scene->brought;
    scene->brought = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (message != NULL) {
        OK(message_pack(message, &bytes, &size));
        hash_bytes(span_of(bytes, size), &ask.body_hash);
    }
    judge(scene, &ask);
    free(bytes);
    return scene->answer.status;
}

static void put_u64(uint8_t out[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static void sign_login(struct scene *scene, const struct scene_login *with,
                       const struct core_login *hello, const uint8_t nonce[32],
                       struct signature *out)
{
    struct hash server_key;
    uint8_t sizes[2][8];
    struct span parts[] = {
        span_of(hello->exporter, 32),
        span_of(hello->hello_nonce, 32),
        span_of(nonce, 32),
        ID_SPAN(&server_key),
        ID_SPAN(&hello->hello_hash),
        ID_SPAN(&with->member),
        ID_SPAN(&with->device),
        span_of(sizes[0], 8),
        ID_SPAN(&with->seen.statements_root),
        span_of(sizes[1], 8),
        ID_SPAN(&with->seen.events_root),
    };
    hash_bytes(ID_SPAN(&scene->login_key.public), &server_key);
    put_u64(sizes[0], with->seen.statements_size);
    put_u64(sizes[1], with->seen.events_size);
    struct frame frame;
    OK(frame_build(LABEL_LOGIN_CLIENT, &scene->w->practice, parts, ARRAY_LEN(parts), &frame));
    assert_int_equal(
        crypto_sign_detached(out->bytes, NULL, frame.data, frame.size, with->signer->secret), 0);
    frame_free(&frame);
}

enum status scene_login(struct scene *scene, const struct scene_login *with)
{
    struct core_login hello = {
        .hello_statements_size = with->hello_statements != 0 ? with->hello_statements
                                                             : scene_size(scene, LEDGER_STATEMENTS),
        .hello_events_size =
            with->hello_events != 0 ? with->hello_events : scene_size(scene, LEDGER_EVENTS)};
    Alcove__Login login = ALCOVE__LOGIN__INIT;
    Alcove__Seen seen = ALCOVE__SEEN__INIT;
    struct core_ask ask = {.op = CORE_OP_LOGIN, .message = &login.base, .login = &hello};
    uint8_t nonce[32];
    random_bytes(nonce, sizeof nonce);
    random_bytes(hello.exporter, sizeof hello.exporter);
    random_bytes(hello.hello_nonce, sizeof hello.hello_nonce);
    struct signature signature;
    sign_login(scene, with, &hello, nonce, &signature);
    login.version = WIRE_VERSION;
    login.nonce = field_of(nonce, sizeof nonce);
    login.member = field_of(with->member.bytes, ID_BYTES);
    login.device_statement = field_of(with->device.bytes, HASH_BYTES);
    login.signature = field_of(signature.bytes, SIGNATURE_BYTES);
    if (with->seen.statements_size > 0) {
        seen.statements_size = with->seen.statements_size;
        seen.statements_root = field_of(with->seen.statements_root.bytes, HASH_BYTES);
        login.seen = &seen;
    }
    ask.source[0] = with->source;
    judge(scene, &ask);
    return scene->answer.status;
}

/* ---- statements */

enum status scene_submit(struct scene *scene, const struct make_person *person,
                         const struct made *made, size_t count)
{
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    ProtobufCBinaryData fields[SUBMIT_STATEMENTS_MAX + 1];
    for (size_t i = 0; i < count; i++) {
        fields[i] = field_of(made[i].bytes.data, made[i].bytes.size);
    }
    ask.n_statement = count;
    ask.statement = fields;
    return scene_ask(scene, person, 0, OP_SUBMIT, &ask.base);
}

enum status scene_take(struct scene *scene, const struct make_person *person, struct made made)
{
    enum status status = scene_submit(scene, person, &made, 1);
    if (status == STATUS_OK) {
        (void)make_take(scene->w, made);
    }
    return status;
}

struct make_section *scene_section(struct scene *scene, uint32_t class, struct make_person *client,
                                   const struct make_person *maker)
{
    struct make_section *section = NULL;
    OK(scene_take(scene, maker, make_section_statement(scene->w, class, client, maker, &section)));
    OK(scene_take(scene, maker, make_epoch(scene->w, section, maker, 0)));
    return section;
}

struct hash scene_share(struct scene *scene, struct make_section *section,
                        const struct make_person *grantee, uint32_t rights, uint64_t until_ms,
                        const struct make_person *owner)
{
    struct made grant = make_grant(scene->w, section, grantee, rights, until_ms, 0, owner);
    OK(scene_take(scene, owner, grant));
    OK(scene_take(scene, owner, make_epoch(scene->w, section, owner, 0)));
    return grant.hash;
}

/* ---- revisions */

void scene_revision(struct scene *scene, const struct make_section *section,
                    const struct make_person *author, size_t device, scene_change *change,
                    void *context, struct make_revision *out)
{
    scene->w->tamper = change;
    scene->w->tamper_context = context;
    make_revision(scene->w, section, author, device, out);
    scene->w->tamper = NULL;
}

enum status scene_send(struct scene *scene, const struct make_person *author, size_t device,
                       const struct make_revision *revisions, size_t count)
{
    static const uint8_t wrap[WRAP_BYTES];
    static const uint8_t envelope[64];
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    Alcove__Revision *wire = calloc(count, sizeof *wire);
    assert_non_null(wire);
    Alcove__Revision *list[SUBMIT_REVISIONS_MAX];
    for (size_t i = 0; i < count; i++) {
        alcove__revision__init(&wire[i]);
        wire[i].context = field_of(revisions[i].context, revisions[i].context_size);
        wire[i].header = field_of(revisions[i].header, revisions[i].header_size);
        wire[i].signature = field_of(revisions[i].signature.bytes, SIGNATURE_BYTES);
        wire[i].wrap = field_of(wrap, sizeof wrap);
        wire[i].envelope = field_of(envelope, sizeof envelope);
        list[i] = &wire[i];
    }
    ask.n_revision = count;
    ask.revision = list;
    ask.purpose = author->role == ROLE_CLIENT ? PURPOSE_PATRQT : PURPOSE_TREAT;
    enum status status = scene_ask(scene, author, device, OP_SUBMIT, &ask.base);
    free(wire);
    return status;
}

enum status scene_write(struct scene *scene, struct make_section *section,
                        const struct make_person *author, size_t device, scene_change *change,
                        void *context, struct make_revision *out)
{
    struct make_revision revision;
    scene_revision(scene, section, author, device, change, context, &revision);
    enum status status = scene_send(scene, author, device, &revision, 1);
    enum timeline_reason reason;
    if (status == STATUS_OK) {
        OK(make_write(scene->w, section, &revision, &reason));
    }
    if (out != NULL) {
        *out = revision;
    }
    return status;
}

/* ---- what it left */

void scene_event(struct scene *scene, uint64_t back, uint32_t *out_action, uint32_t *out_outcome)
{
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    struct event_stored event;
    OK(events_get(txn, ledger_size(txn, LEDGER_EVENTS) - 1 - back, &event));
    *out_action = event.fields.action;
    *out_outcome = event.fields.outcome;
    db_abort(txn);
}

void scene_expect_event(struct scene *scene, uint32_t action, uint32_t outcome)
{
    uint32_t got_action = 0;
    uint32_t got_outcome = 0;
    scene_event(scene, 0, &got_action, &got_outcome);
    assert_int_equal(got_action, action);
    assert_int_equal(got_outcome, outcome);
}

const ProtobufCMessage *scene_body(struct scene *scene,
                                   const ProtobufCMessageDescriptor *descriptor,
                                   struct arena *arena)
{
    if (scene->answer.produce != NULL) {
        struct core_checkpoints heads = {.statements_size = scene_size(scene, LEDGER_STATEMENTS),
                                         .events_size = scene_size(scene, LEDGER_EVENTS)};
        free(scene->answer.body);
        scene->answer.body = NULL;
        struct txn *txn = NULL;
        OK(db_begin_read(scene->db, &txn));
        OK(produce_reply(txn, &scene->answer, &heads, &scene->answer.body,
                         &scene->answer.body_bytes));
        db_abort(txn);
    }
    ProtobufCMessage *message = NULL;
    OK(message_decode(descriptor, span_of(scene->answer.body, scene->answer.body_bytes), arena,
                      &message));
    return message;
}
