#include "client/engine/exchange/login.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/decode.h"
#include "client/engine/log/advance.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "proto/packing.h"

/* What both sides sign of the logs: two sizes and two roots. */
#define LOGIN_SEEN_BYTES (8u + HASH_BYTES + 8u + HASH_BYTES)

static void put_seen(const struct engine *engine, uint8_t out[LOGIN_SEEN_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, LOGIN_SEEN_BYTES);
    cursor_write_u64(&writer, engine->connection.login_statements.size);
    cursor_write_span(&writer, ID_SPAN(&engine->connection.login_statements.root));
    cursor_write_u64(&writer, engine->connection.login_events.size);
    cursor_write_span(&writer, ID_SPAN(&engine->connection.login_events.root));
}

/* An absent root counts as zero in what is signed. */
static struct seen_log signed_seen(const struct seen_log *seen)
{
    struct seen_log out = *seen;
    if (out.size == 0) {
        memset(out.root.bytes, 0, HASH_BYTES);
    }
    return out;
}

static enum status sign(struct engine *engine, struct signature *out_signature)
{
    struct hash key_hash;
    hash_bytes(ID_SPAN(&engine->connection.server_login_key), &key_hash);
    uint8_t seen[LOGIN_SEEN_BYTES];
    put_seen(engine, seen);
    const struct keystore_content *content = engine->common.content;
    struct span parts[] = {
        span_of(engine->connection.exporter, sizeof engine->connection.exporter),
        span_of(engine->connection.hello_nonce, sizeof engine->connection.hello_nonce),
        span_of(engine->connection.client_nonce, sizeof engine->connection.client_nonce),
        ID_SPAN(&key_hash),
        ID_SPAN(&engine->connection.hello_hash),
        ID_SPAN(&content->member),
        ID_SPAN(&content->device_statement),
        span_of(seen, sizeof seen)};
    return identity_sign(content->login, LABEL_LOGIN_CLIENT, &engine->common.practice, parts,
                         ARRAY_LEN(parts), out_signature);
}

static enum status send_login(struct engine *engine)
{
    engine->connection.login_statements = signed_seen(&engine->log.statements);
    engine->connection.login_events = signed_seen(&engine->log.events);
    random_bytes(engine->connection.client_nonce, sizeof engine->connection.client_nonce);
    struct signature signature;
    enum status status = sign(engine, &signature);
    if (status != STATUS_OK) {
        return status;
    }
    Alcove__Seen seen;
    advance_seen(&engine->log, &seen);
    Alcove__Login login;
    alcove__login__init(&login);
    login.version = WIRE_VERSION;
    login.nonce = field_of(engine->connection.client_nonce, sizeof engine->connection.client_nonce);
    login.member = field_of(engine->common.content->member.bytes, ID_BYTES);
    login.device_statement = field_of(engine->common.content->device_statement.bytes, HASH_BYTES);
    if (seen.statements_size > 0 || seen.events_size > 0) {
        login.seen = &seen;
    }
    login.signature = field_of(signature.bytes, SIGNATURE_BYTES);
    uint8_t *bytes = NULL;
    size_t size = 0;
    status = message_pack(&login.base, &bytes, &size);
    if (status == STATUS_OK) {
        hash_bytes(span_of(bytes, size), &engine->connection.login_hash);
        status = request_frame(&engine->common.requests, FRAME_LOGIN, NULL, 0, &login.base);
    }
    free(bytes);
    return status;
}

static enum status check_hello(struct engine *engine, const Alcove__Hello *hello)
{
    if (hello->version_min > WIRE_VERSION || hello->version_max < WIRE_VERSION) {
        engine->common.phase = ENGINE_STOPPED;
        engine->common.why = STATUS_VERSION;
        return STATUS_VERSION;
    }
    struct practice_id practice;
    if (!field_required(hello->nonce, engine->connection.hello_nonce,
                        sizeof engine->connection.hello_nonce) ||
        !field_required(hello->practice, practice.bytes, sizeof practice.bytes) ||
        !field_key(hello->login_key, &engine->connection.server_login_key)) {
        return alarm_stop(&engine->common, STATUS_MALFORMED,
                          "The server's greeting is not well formed.", "");
    }
    if (!ID_EQUAL(&practice, &engine->common.practice)) {
        return alarm_stop(&engine->common, STATUS_BAD_CHAIN,
                          "This server belongs to another practice.", "");
    }
    const struct keystore_pins *pins = &engine->common.content->pins;
    if (!ID_EQUAL(&engine->connection.server_login_key, &pins->login_key) &&
        !ID_EQUAL(&engine->connection.server_login_key, &pins->login_key_next)) {
        return alarm_stop(&engine->common, STATUS_WRONG_KEY,
                          "The server's login key is not the one that the practice's root named.",
                          "");
    }
    enum status status =
        advance_open(&engine->log, ADVANCE_STATEMENTS, field_span(hello->statements_checkpoint),
                     &engine->connection.hello_statements);
    if (status == STATUS_OK) {
        status = advance_open(&engine->log, ADVANCE_EVENTS, field_span(hello->events_checkpoint),
                              &engine->connection.hello_events);
    }
    if (status != STATUS_OK) {
        return alarm_stop(&engine->common, status,
                          "The server's checkpoints are not signed by the practice's log key.", "");
    }
    return STATUS_OK;
}

enum status login_hello(struct engine *engine, struct span body)
{
    struct arena arena = {0};
    const Alcove__Hello *hello = NULL;
    enum status status = decode_hello(body, &arena, &hello);
    if (status == STATUS_OK) {
        hash_bytes(body, &engine->connection.hello_hash);
        status = check_hello(engine, hello);
    } else if (!alarm_is_ours(status)) {
        status =
            alarm_stop(&engine->common, status, "The server's greeting is not well formed.", "");
    }
    arena_free(&arena);
    if (status != STATUS_OK) {
        return status;
    }
    engine->common.phase = ENGINE_LOGIN;
    return send_login(engine);
}

static enum status verify(const struct engine *engine, const Alcove__LoginReply *reply,
                          enum label label)
{
    struct signature signature;
    if (!field_signature(reply->signature, &signature)) {
        return STATUS_MALFORMED;
    }
    uint8_t sizes[16];
    struct cursor_writer writer;
    cursor_write_init(&writer, sizes, sizeof sizes);
    cursor_write_u64(&writer, reply->statements_size);
    cursor_write_u64(&writer, reply->events_size);
    struct span parts[] = {
        span_of(engine->connection.exporter, sizeof engine->connection.exporter),
        span_of(engine->connection.hello_nonce, sizeof engine->connection.hello_nonce),
        span_of(engine->connection.client_nonce, sizeof engine->connection.client_nonce),
        ID_SPAN(&engine->connection.login_hash),
        span_of(sizes, label == LABEL_REWOUND ? sizeof sizes : 0)};
    return verify_frame(label, &engine->common.practice, parts, ARRAY_LEN(parts),
                        &engine->connection.server_login_key, &signature);
}

static enum status rewound(struct engine *engine, const Alcove__LoginReply *reply)
{
    enum status status = verify(engine, reply, LABEL_REWOUND);
    if (status != STATUS_OK) {
        return alarm_stop(&engine->common, status,
                          "The server's answer to the login is not signed by it.", "");
    }
    char evidence[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(
        evidence, sizeof evidence, "server: %llu statements, %llu events; seen here: %llu and %llu",
        (unsigned long long)reply->statements_size, (unsigned long long)reply->events_size,
        (unsigned long long)engine->log.statements.size,
        (unsigned long long)engine->log.events.size);
    return alarm_stop(&engine->common, STATUS_REWOUND,
                      "The server has forgotten what this device has already seen: a backup may "
                      "have been restored.",
                      evidence);
}

static enum status extends(const struct seen_log *from, const struct seen_log *next,
                           const Alcove__Consistency *proof)
{
    return proof == NULL ? advance_extends(from, next, NULL, 0)
                         : advance_extends(from, next, proof->path, proof->n_path);
}

static enum status accept(struct engine *engine, const Alcove__LoginReply *reply)
{
    enum status status = verify(engine, reply, LABEL_LOGIN_SERVER);
    if (status != STATUS_OK) {
        return alarm_stop(&engine->common, status,
                          "The server's answer to the login is not signed by it.", "");
    }
    status =
        extends(&engine->log.statements, &engine->connection.hello_statements, reply->statements);
    if (status == STATUS_OK) {
        status = extends(&engine->log.events, &engine->connection.hello_events, reply->events);
    }
    if (status != STATUS_OK) {
        return alarm_stop(&engine->common, status,
                          "The server's logs do not continue those that this device has seen.", "");
    }
    advance_accept(&engine->log, ADVANCE_STATEMENTS, &engine->connection.hello_statements);
    advance_accept(&engine->log, ADVANCE_EVENTS, &engine->connection.hello_events);
    advance_floor(&engine->log, engine->log.statements.size, engine->common.clock.newest_leaf_ms);
    engine->common.phase = ENGINE_SYNCING;
    engine->common.wants.state = true;
    engine->common.wants.subscribe = true;
    engine->round.open = true;
    return STATUS_OK;
}

enum status login_reply(struct engine *engine, uint32_t code, struct span body)
{
    if (code != STATUS_OK && code != STATUS_REWOUND) {
        engine->common.phase = ENGINE_STOPPED;
        engine->common.why = common_code(code);
        return engine->common.why;
    }
    struct arena arena = {0};
    const Alcove__LoginReply *reply = NULL;
    enum status status = decode_login_reply(body, &arena, &reply);
    if (status == STATUS_OK) {
        status = code == STATUS_OK ? accept(engine, reply) : rewound(engine, reply);
    } else if (!alarm_is_ours(status)) {
        status = alarm_stop(&engine->common, status, "The server's answer is not well formed.", "");
    }
    arena_free(&arena);
    return status;
}
