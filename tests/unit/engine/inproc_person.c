#include "tests/unit/engine/inproc.h"

#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "proto/packing.h"
#include "tests/support/test.h"

#include <unistd.h>

/* Far more than any test needs: an exchange that never ends is a failure. */
#define STEPS_MAX 2000

/* ---- the practice */

static void found(struct inproc *server, const struct public_key *log_key)
{
    OK(identity_signer_new(IDENTITY_ROOT, &server->root));
    OK(identity_signer_new(IDENTITY_WITNESS, &server->log_signer));
    OK(found_genesis(server->root, server->now_ms, &server->genesis, &server->practice));
    struct found_keys keys = {0};
    login_key_public(server->login_key, &keys.login_key);
    keys.log_key = log_key != NULL ? *log_key : *identity_signer_public(server->log_signer);
    random_bytes(keys.tls_pin.bytes, HASH_BYTES);
    struct span genesis = span_of(server->genesis.data, server->genesis.size);
    OK(found_server_keys(server->root, &server->practice, genesis, &keys, &server->keys));
    struct found_bytes policy = {0};
    OK(found_witness_policy(server->root, &server->practice,
                            span_of(server->keys.data, server->keys.size),
                            span_of("quorum none\n", 12), &policy));
    struct span chain[] = {genesis, span_of(server->keys.data, server->keys.size),
                           span_of(policy.data, policy.size)};
    struct found_invite invite = {.practice_chain = chain,
                                  .practice_count = 3,
                                  .role = ROLE_ADMIN,
                                  .address = span_of("localhost:4443", 14),
                                  .practice_name = span_of("Lindenhof", 9),
                                  .name = span_of("Ada", 3),
                                  .expires_ms = server->now_ms + 86400000u};
    struct found_bytes invitation = {0};
    struct found_bytes bundle = {0};
    OK(found_invitation(server->root, &server->practice, &invite, &invitation, &bundle,
                        server->admin_code));
    struct span all[] = {chain[0], chain[1], chain[2], span_of(invitation.data, invitation.size)};
    struct span bundles[] = {span_of(bundle.data, bundle.size)};
    OK(core_install(server->db, all, 4, bundles, 1, server->now_ms));
    found_free(&policy);
    found_free(&invitation);
    found_free(&bundle);
}

void inproc_found(struct inproc *server, const struct public_key *log_key)
{
    *server = (struct inproc){.now_ms = 1800000000000u};
    OK(random_init());
    /* In memory where there is such a place: what a power cut does is tested elsewhere. */
    bool shm = access("/dev/shm", W_OK) == 0;
    (void)snprintf(server->folder, sizeof server->folder, "%s/alcove-engine-XXXXXX",
                   shm ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(server->folder));
    char path[128];
    (void)snprintf(path, sizeof path, "%s/login.key", server->folder);
    struct public_key public_key;
    OK(login_key_generate(path, &public_key));
    OK(login_key_open(path, &server->login_key));
    (void)snprintf(path, sizeof path, "%s/data", server->folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30, .create = true};
    OK(db_open(path, &options, &server->db));
    found(server, log_key);
}

void inproc_open(struct inproc *server)
{
    inproc_found(server, NULL);
    struct public_key public_key;
    login_key_public(server->login_key, &public_key);
    OK(core_open(server->db, &public_key, server->now_ms, &server->core));
    inproc_sign(server);
}

static void open_core(struct inproc *server)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data", server->folder);
    struct db_options options = {.map_bytes = (uint64_t)1 << 30, .create = true};
    OK(db_open(path, &options, &server->db));
    struct public_key public_key;
    login_key_public(server->login_key, &public_key);
    OK(core_open(server->db, &public_key, server->now_ms, &server->core));
}

void inproc_restart_server(struct inproc *server)
{
    assert_null(server->links);
    core_close(server->core);
    db_close(server->db);
    open_core(server);
    inproc_sign(server);
}

void inproc_close(struct inproc *server)
{
    core_close(server->core);
    db_close(server->db);
    login_key_close(server->login_key);
    identity_signer_free(server->root);
    identity_signer_free(server->log_signer);
    found_free(&server->genesis);
    found_free(&server->keys);
    char command[160];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", server->folder);
    assert_int_equal(system(command), 0);
}

/* ---- links */

void inproc_connect(struct inproc *server, struct inproc_link *link)
{
    *link = (struct inproc_link){.server = server, .next = server->links};
    server->links = link;
    random_bytes(link->exporter, sizeof link->exporter);
    if (server->place != NULL) {
        server->place->connect(link);
        return;
    }
    memcpy(link->login.exporter, link->exporter, sizeof link->exporter);
    random_bytes(link->login.hello_nonce, sizeof link->login.hello_nonce);
    Alcove__Hello hello = ALCOVE__HELLO__INIT;
    struct public_key login_public;
    login_key_public(server->login_key, &login_public);
    hello.version_min = WIRE_VERSION;
    hello.version_max = WIRE_VERSION;
    hello.nonce = field_of(link->login.hello_nonce, 32);
    hello.practice = field_of(server->practice.bytes, HASH_BYTES);
    hello.login_key = field_of(login_public.bytes, PUBLIC_KEY_BYTES);
    hello.statements_checkpoint =
        field_of(server->heads.statements, server->heads.statements_bytes);
    hello.events_checkpoint = field_of(server->heads.events, server->heads.events_bytes);
    link->login.hello_statements_size = server->heads.statements_size;
    link->login.hello_events_size = server->heads.events_size;
    uint8_t *body = NULL;
    size_t size = 0;
    OK(message_pack(&hello.base, &body, &size));
    hash_bytes(span_of(body, size), &link->login.hello_hash);
    inproc_send(link, FRAME_HELLO, FRAME_HELLO + 1000, NULL, 0, span_of(body, size));
    free(body);
}

void inproc_disconnect(struct inproc_link *link)
{
    if (link->server->place != NULL) {
        link->server->place->gone(link);
    }
    struct inproc_link **place = &link->server->links;
    while (*place != NULL && *place != link) {
        place = &(*place)->next;
    }
    if (*place == link) {
        *place = link->next;
    }
    while (link->first != NULL) {
        struct inproc_frame *frame = link->first;
        link->first = frame->next;
        free(frame->data);
        free(frame);
    }
    free(link->subscribed);
    *link = (struct inproc_link){.server = link->server};
}

/* ---- people */

static bool take_frame(struct inproc_link *link, struct inproc_frame **out_frame)
{
    *out_frame = link->first;
    if (link->first == NULL) {
        return false;
    }
    link->first = link->first->next;
    if (link->first == NULL) {
        link->last = NULL;
    }
    return true;
}

static void free_frame(struct inproc_frame *frame)
{
    free(frame->data);
    free(frame);
}

enum status inproc_try_join(struct inproc *server, const char *code,
                            struct inproc_person *out_person)
{
    *out_person = (struct inproc_person){.server = server};
    struct join *join = NULL;
    OK(join_new(span_of(code, strlen(code)), INVITATION_KIND_JOIN, &join));
    struct inproc_link link;
    inproc_connect(server, &link);
    join_start(join);
    char card[RECOVERY_CARD_CHARS_MAX];
    enum status status = STATUS_OK;
    for (int step = 0; step < 100 && status == STATUS_OK && join_phase(join) != JOIN_DONE; step++) {
        struct inproc_frame *frame = NULL;
        while (take_frame(&link, &frame)) {
            status = status == STATUS_OK
                         ? join_receive(join, span_of(frame->data, frame->size), server->now_ms)
                         : status;
            free_frame(frame);
        }
        if (status == STATUS_OK && join_phase(join) == JOIN_VERIFIED) {
            assert_true(join_info(join)->name[0] != '\0');
            OK(join_enrol(join, card));
        }
        struct span out;
        while (status == STATUS_OK && join_next_frame(join, &out)) {
            inproc_handle(&link, out);
        }
    }
    if (status == STATUS_OK) {
        assert_int_equal(join_phase(join), JOIN_DONE);
        OK(join_take_content(join, &out_person->content));
        out_person->storage = memory_storage_new();
        inproc_start(out_person);
    }
    inproc_disconnect(&link);
    join_free(join);
    return status;
}

void inproc_join(struct inproc *server, const char *code, struct inproc_person *out_person)
{
    OK(inproc_try_join(server, code, out_person));
}

void inproc_start(struct inproc_person *person)
{
    struct engine_config config = {.content = &person->content,
                                   .page_entries = person->page_entries};
    memory_storage_get(person->storage, &config.storage);
    OK(engine_new(&config, &person->engine));
}

void inproc_person_free(struct inproc_person *person)
{
    inproc_offline(person);
    engine_free(person->engine);
    memory_storage_free(person->storage);
    keystore_content_deinit(&person->content);
}

void inproc_offline(struct inproc_person *person)
{
    if (person->connected) {
        engine_stop(person->engine);
        inproc_disconnect(&person->link);
        person->connected = false;
    }
}

void inproc_restart(struct inproc_person *person)
{
    inproc_offline(person);
    engine_free(person->engine);
    inproc_start(person);
}

enum status inproc_run(struct inproc_person *person)
{
    struct inproc *server = person->server;
    uint64_t now = server->now_ms + (uint64_t)person->clock_off_ms;
    if (!person->connected) {
        inproc_connect(server, &person->link);
        engine_start(person->engine, person->link.exporter, now);
        person->connected = true;
    }
    uint64_t before = server->requests;
    engine_tick(person->engine, now);
    enum status status = STATUS_OK;
    for (int step = 0; step < STEPS_MAX && status == STATUS_OK; step++) {
        struct span out;
        bool moved = false;
        while (engine_next_frame(person->engine, &out)) {
            server->now_ms++;
            inproc_handle(&person->link, out);
            moved = true;
        }
        struct inproc_frame *frame = NULL;
        while (status == STATUS_OK && take_frame(&person->link, &frame)) {
            status = engine_receive(person->engine, span_of(frame->data, frame->size),
                                    server->now_ms + (uint64_t)person->clock_off_ms);
            free_frame(frame);
            moved = true;
        }
        if (!moved) {
            break;
        }
    }
    if (server->requests - before > 1500) {
        for (unsigned op = 0; op < ARRAY_LEN(server->ops); op++) {
            if (server->ops[op] > 0) {
                print_message("op %u: %llu\n", op, (unsigned long long)server->ops[op]);
            }
        }
        fail_msg("the exchange does not end");
    }
    return status;
}

void inproc_sync(struct inproc_person *person)
{
    enum status status = inproc_run(person);
    if (engine_alarm_count(person->engine) > 0) {
        const struct engine_alarm *alarm = engine_alarm(person->engine, 0);
        print_message("%s: %s (%s)\n", status_name(alarm->status), alarm->reason, alarm->evidence);
    }
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(engine_alarm_count(person->engine), 0);
    struct engine_state state;
    engine_state(person->engine, &state);
    assert_int_equal(state.phase, ENGINE_IDLE);
}
