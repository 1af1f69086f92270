#include "tests/hostile/kit.h"

#include "keys/public/hash.h"
#include "keys/public/revision.h"
#include "server/core/internal.h"
#include "server/store/chain_log.h"
#include "server/store/ledger.h"
#include "server/store/record.h"
#include "tests/support/test.h"

enum {
    STEPS_MAX = 2000,
};

/* ---- what is on its way */

static bool is_submit(struct span bytes, struct kit_submit *out)
{
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, bytes, &out->arena, &message));
    const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
    if (frame->kind != FRAME_REQUEST || frame->code != OP_SUBMIT) {
        arena_free(&out->arena);
        out->arena = (struct arena){0};
        return false;
    }
    OK(message_decode(&alcove__submit_ask__descriptor, field_span(frame->body), &out->arena,
                      &message));
    out->ask = (Alcove__SubmitAsk *)(void *)message;
    return true;
}

static void deliver(struct inproc_person *person)
{
    while (person->link.first != NULL) {
        struct inproc_frame *frame = person->link.first;
        person->link.first = frame->next;
        person->link.last = frame->next == NULL ? NULL : person->link.last;
        OK(engine_receive(person->engine, span_of(frame->data, frame->size),
                          person->server->now_ms));
        free(frame->data);
        free(frame);
    }
}

void kit_capture(struct inproc_person *person, struct kit_submit *out_submit)
{
    *out_submit = (struct kit_submit){.ask = NULL};
    if (!person->connected) {
        inproc_connect(person->server, &person->link);
        engine_start(person->engine, person->link.exporter, person->server->now_ms);
        person->connected = true;
    }
    engine_tick(person->engine, person->server->now_ms);
    for (int step = 0; step < STEPS_MAX && out_submit->ask == NULL; step++) {
        deliver(person);
        struct span out;
        if (!engine_next_frame(person->engine, &out)) {
            continue;
        }
        person->server->now_ms++;
        if (!is_submit(out, out_submit)) {
            inproc_handle(&person->link, out);
        }
    }
    assert_non_null(out_submit->ask);
    out_submit->peer = person->link.peer;
    inproc_offline(person);
}

void kit_submit_free(struct kit_submit *submit)
{
    arena_free(&submit->arena);
    submit->ask = NULL;
}

/* ---- forging */

struct made kit_resign(const struct inproc *server, struct span statement, uint32_t type,
                       kit_change *change, void *context,
                       const struct identity_signer *const *signers, size_t count)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__statement__descriptor, statement, &arena, &message));
    const Alcove__Statement *old = (const Alcove__Statement *)(const void *)message;
    const struct statement_rule *rule = statement_rule(old->type);
    assert_non_null(rule);
    OK(message_decode(rule->body, field_span(old->body), &arena, &message));
    if (change != NULL) {
        change(context, message);
    }
    struct made made = {0};
    OK(make_statement(&server->practice,
                      type == 0 ? (enum statement_type)old->type : (enum statement_type)type,
                      message, signers, count, &made));
    arena_free(&arena);
    return made;
}

/* ---- the server's database */

static void write_event(struct inproc *server, struct txn *txn, const struct core_peer *peer,
                        const struct event_draft *draft)
{
    struct core_ask ask = {.peer = peer, .op = OP_SUBMIT};
    struct event_written written;
    OK(event_write(server->core, txn, &ask, draft, &written));
}

/* What only a client is to find out: where a statement that is none says that it stands. */
static void place_of_unparsed(const struct inproc *server, struct span bytes, struct statement *out)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__statement__descriptor, bytes, &arena, &message));
    const Alcove__Statement *outer = (const Alcove__Statement *)(const void *)message;
    *out = (struct statement){.rule = statement_rule(outer->type), .bytes = bytes};
    assert_non_null(out->rule);
    OK(message_decode(out->rule->body, field_span(outer->body), &arena, &message));
    /* Every body has its link first. */
    const Alcove__Link *link = ((const Alcove__Suspension *)(const void *)message)->link;
    assert_true(field_label(link->label, &out->link.label));
    out->link.number = link->number;
    statement_hash(bytes, &server->practice, &out->hash);
    arena_free(&arena);
}

void kit_plant_statement(struct inproc *server, const struct core_peer *peer, struct span bytes)
{
    kit_plant_statement_late(server, peer, bytes, 0);
}

void kit_plant_statement_late(struct inproc *server, const struct core_peer *peer,
                              struct span bytes, uint64_t back_ms)
{
    server->core->now_ms = ++server->now_ms;
    struct statement statement;
    if (statement_parse(bytes, &server->practice, &statement) != STATUS_OK) {
        place_of_unparsed(server, bytes, &statement);
    }
    struct txn *txn = NULL;
    OK(db_begin_write(server->db, &txn));
    uint64_t seq = ledger_size(txn, LEDGER_STATEMENTS);
    const uint64_t newest_ms = db_counter(txn, SCHEMA_LEAF_TIME_MS);
    const uint64_t time_ms = events_time(txn, server->now_ms) - back_ms;
    db_set_counter(txn, SCHEMA_LEAF_TIME_MS, back_ms > 0 ? time_ms : newest_ms);
    OK(statement_store(server->core, txn, &statement, seq, time_ms));
    if (back_ms > 0) {
        db_set_counter(txn, SCHEMA_LEAF_TIME_MS, newest_ms);
    }
    struct event_draft draft = {
        .action = statement.rule->action, .outcome = OUTCOME_OK, .object = statement.hash};
    const struct authority_section *section =
        authority_section_of(server->core->authority, &statement.link.label);
    if (section != NULL) {
        (void)draft_section(server->core, txn, field_of(section->id.bytes, ID_BYTES), &draft);
        draft.change = (struct event_change){
            .kind = ENTRY_STATEMENT, .object = statement.hash, .object_seq = seq};
    }
    write_event(server, txn, peer, &draft);
    OK(db_commit(txn));
    statement_free(&statement);
    inproc_sign(server);
}

void kit_plant_revision(struct inproc *server, const struct core_peer *peer,
                        const struct section_id *section, const Alcove__Revision *revision)
{
    kit_plant_revision_late(server, peer, section, revision, 0);
}

void kit_plant_revision_late(struct inproc *server, const struct core_peer *peer,
                             const struct section_id *section, const Alcove__Revision *revision,
                             uint64_t back_ms)
{
    struct record record = {.context = field_span(revision->context),
                            .header = field_span(revision->header),
                            .envelope = field_span(revision->envelope)};
    server->core->now_ms = ++server->now_ms;
    assert_int_equal(revision->signature.len, SIGNATURE_BYTES);
    memcpy(record.signature.bytes, revision->signature.data, SIGNATURE_BYTES);
    struct event_draft draft = {.action = ACTION_WRITE, .outcome = OUTCOME_OK};
    revision_link(record.header, &record.signature, &server->practice, &draft.object);
    draft.change = (struct event_change){.kind = ENTRY_REVISION, .object = draft.object};
    struct txn *txn = NULL;
    OK(db_begin_write(server->db, &txn));
    OK(record_append(txn, &record, field_span(revision->wrap), &draft.change.object_seq));
    (void)draft_section(server->core, txn, field_of(section->bytes, ID_BYTES), &draft);
    const uint64_t newest_ms = db_counter(txn, SCHEMA_LEAF_TIME_MS);
    if (back_ms > 0) {
        server->core->now_ms -= back_ms;
        db_set_counter(txn, SCHEMA_LEAF_TIME_MS, server->core->now_ms);
    }
    write_event(server, txn, peer, &draft);
    if (back_ms > 0) {
        db_set_counter(txn, SCHEMA_LEAF_TIME_MS, newest_ms);
    }
    OK(db_commit(txn));
    inproc_sign(server);
}

void kit_grow(struct inproc *server, size_t events)
{
    server->core->now_ms = ++server->now_ms;
    struct txn *txn = NULL;
    OK(db_begin_write(server->db, &txn));
    const struct event_draft draft = {.action = ACTION_SYNC_AUTHORITY, .outcome = OUTCOME_OK};
    for (size_t i = 0; i < events; i++) {
        write_event(server, txn, NULL, &draft);
    }
    OK(db_commit(txn));
    inproc_sign(server);
}

static void open_core(struct inproc *server)
{
    struct public_key login_key;
    login_key_public(server->login_key, &login_key);
    OK(core_open(server->db, &login_key, server->now_ms, &server->core));
}

void kit_reload(struct inproc *server)
{
    core_close(server->core);
    open_core(server);
}

void kit_fork(struct inproc *server, struct inproc *out_fork)
{
    *out_fork = *server;
    out_fork->links = NULL;
    out_fork->hook = NULL;
    (void)snprintf(strrchr(out_fork->folder, '-'), 8, "-XXXXXX");
    assert_non_null(mkdtemp(out_fork->folder));
    char command[256];
    (void)snprintf(command, sizeof command, "cp -r '%s/data' '%s/data'", server->folder,
                   out_fork->folder);
    assert_int_equal(system(command), 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data", out_fork->folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30};
    OK(db_open(path, &options, &out_fork->db));
    open_core(out_fork);
    inproc_sign(out_fork);
}

void kit_fork_close(struct inproc *fork)
{
    assert_null(fork->links); /* whoever moved there has moved away */
    core_close(fork->core);
    db_close(fork->db);
    char command[160];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", fork->folder);
    assert_int_equal(system(command), 0);
}

void kit_move(struct inproc_person *person, struct inproc *server)
{
    inproc_offline(person);
    person->server = server;
}

/* ---- the client */

struct digest {
    struct hash hash;
};

static bool add(void *visitor, struct span key, struct span value)
{
    struct digest *digest = visitor;
    struct hash parts[3] = {digest->hash, {{0}}, {{0}}};
    hash_bytes(key, &parts[1]);
    hash_bytes(value, &parts[2]);
    hash_bytes(span_of((const uint8_t *)parts, sizeof parts), &digest->hash);
    return true;
}

struct kit_before kit_before(struct inproc_person *person)
{
    static const enum storage_table tables[] = {STORAGE_SECTION, STORAGE_ENTRY, STORAGE_REVISION,
                                                STORAGE_OUTBOX, STORAGE_TYPED};
    struct storage storage;
    memory_storage_get(person->storage, &storage);
    struct digest digest = {.hash = {{0}}};
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        OK(storage.scan(storage.context, tables[i], span_of(NULL, 0), add, &digest));
    }
    struct engine_state state;
    engine_state(person->engine, &state);
    return (struct kit_before){.content = digest.hash,
                               .statements =
                                   memory_storage_count(person->storage, STORAGE_STATEMENT),
                               .outbox = state.outbox_count};
}

enum status kit_refused(struct inproc_person *victim, const struct kit_before *before,
                        enum status status, enum status expected)
{
    struct engine_state state;
    engine_state(victim->engine, &state);
    if (engine_alarm_count(victim->engine) > 0) {
        const struct engine_alarm *alarm = engine_alarm(victim->engine, 0);
        print_message("    %s: %s [%s]\n", status_name(alarm->status), alarm->reason,
                      alarm->evidence);
    }
    assert_int_not_equal(status, STATUS_OK);
    assert_true(engine_alarm_count(victim->engine) > 0);
    if (expected != STATUS_OK) {
        assert_int_equal(status, expected);
    }
    assert_int_equal(state.phase, ENGINE_STOPPED);
    struct span out;
    assert_false(engine_next_frame(victim->engine, &out));
    struct kit_before after = kit_before(victim);
    assert_memory_equal(&after.content, &before->content, sizeof after.content);
    assert_int_equal(after.statements, before->statements + before->statements_more);
    assert_int_equal(after.outbox, before->outbox);
    return status;
}

enum status kit_refuses(struct inproc_person *victim, enum status expected, size_t statements)
{
    struct kit_before before = kit_before(victim);
    before.statements_more = statements;
    engine_sync(victim->engine);
    return kit_refused(victim, &before, inproc_run(victim), expected);
}
