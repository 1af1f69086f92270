#include "tests/unit/engine/inproc.h"

#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/log/checkpoint.h"
#include "keys/public/log/origin.h"
#include "keys/public/verify.h"
#include "proto/shape.h"
#include "server/store/ledger.h"
#include "tests/support/test.h"

#include <unistd.h>

/* ---- what the signer does */

static void sign_head(struct inproc *server, enum origin_log log, struct txn *txn,
                      uint8_t *out_note, size_t *out_size, uint64_t *out_log_size)
{
    enum ledger_log ledger = log == ORIGIN_EVENTS ? LEDGER_EVENTS : LEDGER_STATEMENTS;
    char origin[ORIGIN_CHARS_MAX];
    origin_format(&server->practice, log, origin);
    struct checkpoint checkpoint = {.size = 0};
    memcpy(checkpoint.origin, origin, strlen(origin) + 1);
    checkpoint.size = ledger_size(txn, ledger);
    OK(ledger_root(txn, ledger, checkpoint.size, &checkpoint.root));
    char text[CHECKPOINT_TEXT_BYTES_MAX];
    size_t text_size = 0;
    OK(checkpoint_format(&checkpoint, text, &text_size));
    struct note_key key;
    OK(note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519,
                     identity_signer_public(server->log_signer), &key));
    struct signature signature;
    identity_sign_note(server->log_signer, span_of(text, text_size), &signature);
    char line[SIGNED_NOTE_LINE_BYTES_MAX];
    size_t line_size = 0;
    OK(signed_note_line(&key, 0, &signature, line, &line_size));
    struct span lines[] = {span_of(line, line_size)};
    char note[CHECKPOINT_NOTE_BYTES_MAX];
    OK(signed_note_compose(span_of(text, text_size), lines, 1, note, sizeof note, out_size));
    assert_true(*out_size <= CORE_CHECKPOINT_BYTES_MAX);
    memcpy(out_note, note, *out_size);
    *out_log_size = checkpoint.size;
}

void inproc_sign(struct inproc *server)
{
    struct core_checkpoints *heads = &server->heads;
    struct txn *txn = NULL;
    OK(db_begin_read(server->db, &txn));
    sign_head(server, ORIGIN_STATEMENTS, txn, heads->statements, &heads->statements_bytes,
              &heads->statements_size);
    sign_head(server, ORIGIN_EVENTS, txn, heads->events, &heads->events_bytes, &heads->events_size);
    db_abort(txn);
}

/* ---- frames out */

static void queue(struct inproc_link *link, uint32_t kind, const struct request_id *id,
                  uint32_t code, struct span body)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    struct inproc_frame *queued = calloc(1, sizeof *queued);
    assert_non_null(queued);
    frame.kind = kind;
    frame.code = code;
    frame.body = field_of(body.data, body.size);
    if (id != NULL) {
        frame.request_id = field_of(id->bytes, ID_BYTES);
    }
    OK(message_pack(&frame.base, &queued->data, &queued->size));
    if (link->last != NULL) {
        link->last->next = queued;
    } else {
        link->first = queued;
    }
    link->last = queued;
}

static const ProtobufCMessageDescriptor *reply_of(uint32_t op)
{
    switch (op) {
    case FRAME_HELLO + 1000:
        return &alcove__hello__descriptor;
    case FRAME_LOGIN_REPLY + 1000:
        return &alcove__login_reply__descriptor;
    case FRAME_CHUNK + 1000:
        return &alcove__page_chunk__descriptor;
    default:
        return shape_reply(op);
    }
}

void inproc_send(struct inproc_link *link, uint32_t kind, uint32_t op, const struct request_id *id,
                 uint32_t code, struct span body)
{
    struct inproc *server = link->server;
    const ProtobufCMessageDescriptor *descriptor = reply_of(op);
    if (server->hook == NULL || descriptor == NULL || (body.size == 0 && code != STATUS_OK)) {
        queue(link, kind, id, code, body);
        return;
    }
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(descriptor, body, &arena, &message));
    if (server->hook(server->hook_context, link, op, &code, message)) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        OK(message_pack(message, &bytes, &size));
        queue(link, kind, id, code, span_of(bytes, size));
        free(bytes);
    }
    arena_free(&arena);
}

static void send_chunks(struct inproc_link *link, const struct request_id *id,
                        const struct core_answer *answer)
{
    bool last = answer->from > answer->to;
    struct produce_page page;
    produce_page_init(&page, answer->local, answer->from, answer->to);
    while (!last) {
        struct txn *txn = NULL;
        OK(db_begin_read(link->server->db, &txn));
        uint8_t *body = NULL;
        size_t size = 0;
        if (produce_chunk(txn, &page, INPROC_CHUNK_BYTES, &body, &size, &last) != STATUS_OK) {
            /* As server/door/page.c does. */
            Alcove__PageChunk stopped = ALCOVE__PAGE_CHUNK__INIT;
            stopped.last = true;
            stopped.status = STATUS_UNAVAILABLE;
            last = true;
            OK(message_pack(&stopped.base, &body, &size));
        }
        db_abort(txn);
        if (size <= INPROC_CHUNK_BYTES) {
            inproc_send(link, FRAME_CHUNK, FRAME_CHUNK + 1000, id, 0, span_of(body, size));
        }
        for (size_t at = 0; size > INPROC_CHUNK_BYTES && at < size; at += INPROC_CHUNK_BYTES) {
            size_t piece = size - at < INPROC_CHUNK_BYTES ? size - at : INPROC_CHUNK_BYTES;
            queue(link, FRAME_CHUNK, id, at + piece < size ? 1 : 0, span_of(body + at, piece));
        }
        free(body);
    }
}

/* ---- requests in */

static void check_signatures(const struct inproc_link *link, const struct span body,
                             struct core_ask *ask)
{
    (void)body;
    if (ask->op != OP_SUBMIT || ask->message == NULL) {
        return;
    }
    const Alcove__SubmitAsk *submit = (const Alcove__SubmitAsk *)(const void *)ask->message;
    for (size_t i = 0; i < submit->n_revision; i++) {
        struct span header = field_span(submit->revision[i]->header);
        struct signature signature;
        assert_true(field_signature(submit->revision[i]->signature, &signature));
        OK(verify_frame(LABEL_REVISION, &link->server->practice, &header, 1,
                        &link->peer.content_key, &signature));
    }
    ask->revisions_verified = true;
}

static const ProtobufCMessageDescriptor *ask_of(uint32_t op)
{
    return op == CORE_OP_LOGIN ? &alcove__login__descriptor : shape_ask(op);
}

static void sign_login(struct inproc_link *link, const struct core_ask *ask,
                       struct core_answer *answer)
{
    const Alcove__Login *login = (const Alcove__Login *)(const void *)ask->message;
    uint8_t sizes[16];
    for (unsigned i = 0; i < 8; i++) {
        sizes[i] = (uint8_t)(answer->from >> (56 - 8 * i));
        sizes[8 + i] = (uint8_t)(answer->to >> (56 - 8 * i));
    }
    struct span parts[] = {span_of(link->login.exporter, 32), span_of(link->login.hello_nonce, 32),
                           field_span(login->nonce), ID_SPAN(&link->login.login_hash),
                           span_of(sizes, sizeof sizes)};
    bool rewound = answer->status == STATUS_REWOUND;
    struct signature signature;
    OK(login_key_sign(link->server->login_key, rewound ? LABEL_REWOUND : LABEL_LOGIN_SERVER,
                      &link->server->practice, parts, rewound ? 5 : 4, &signature));
    answer->body = malloc(SIGNATURE_BYTES);
    assert_non_null(answer->body);
    memcpy(answer->body, signature.bytes, SIGNATURE_BYTES);
    answer->body_bytes = SIGNATURE_BYTES;
}

static bool is_out(const struct inproc_link *link, const struct core_effect *effect)
{
    static const struct hash all;
    return effect->kind == CORE_EFFECT_OUT && link->admitted &&
           ID_EQUAL(&link->peer.member, &effect->member) &&
           (ID_EQUAL(&effect->device_statement, &all) ||
            ID_EQUAL(&effect->device_statement, &link->peer.device_statement));
}

static void push(struct inproc *server)
{
    const struct core_effect *effects = NULL;
    size_t count = core_effects(server->core, &effects);
    for (size_t i = 0; i < count; i++) {
        for (struct inproc_link *link = server->links; link != NULL; link = link->next) {
            if (is_out(link, &effects[i])) {
                link->closed = true;
                continue;
            }
            bool subscribed = false;
            for (size_t s = 0; s < link->subscribed_count; s++) {
                subscribed |= link->subscribed[s] == effects[i].section_local;
            }
            if (effects[i].kind != CORE_EFFECT_MOVED || !subscribed) {
                continue;
            }
            Alcove__Push message = ALCOVE__PUSH__INIT;
            message.section = field_of(effects[i].section.bytes, ID_BYTES);
            message.number = effects[i].number;
            message.statements_size = server->heads.statements_size;
            message.events_size = server->heads.events_size;
            uint8_t *body = NULL;
            size_t size = 0;
            OK(message_pack(&message.base, &body, &size));
            queue(link, FRAME_PUSH, NULL, 0, span_of(body, size));
            free(body);
        }
    }
    core_effects_clear(server->core);
}

static void answer_out(struct inproc_link *link, const struct core_ask *ask,
                       struct core_answer *answer)
{
    struct inproc *server = link->server;
    bool login = ask->op == CORE_OP_LOGIN;
    if (login && answer->produce != NULL) {
        sign_login(link, ask, answer);
    }
    uint8_t *body = NULL;
    size_t size = 0;
    if (answer->produce == NULL) {
        body = answer->body;
        size = answer->body_bytes;
        answer->body = NULL;
    } else if (answer->status == STATUS_OK || login) {
        struct txn *txn = NULL;
        OK(db_begin_read(server->db, &txn));
        if (produce_reply(txn, answer, &server->heads, &body, &size) != STATUS_OK) {
            answer->status = STATUS_UNAVAILABLE;
            size = 0;
        }
        db_abort(txn);
    }
    if (answer->login) {
        link->admitted = true;
        link->peer = answer->peer;
    }
    if (answer->subscribe) {
        free(link->subscribed);
        link->subscribed = calloc(answer->section_count + 1, sizeof *link->subscribed);
        assert_non_null(link->subscribed);
        if (answer->section_count > 0) {
            memcpy(link->subscribed, answer->sections,
                   answer->section_count * sizeof *link->subscribed);
        }
        link->subscribed_count = answer->section_count;
    }
    inproc_send(link, login ? FRAME_LOGIN_REPLY : FRAME_REPLY,
                login ? FRAME_LOGIN_REPLY + 1000 : ask->op, login ? NULL : &ask->id,
                (uint32_t)answer->status, span_of(body, size));
    free(body);
    if (answer->status == STATUS_OK && answer->chunks) {
        send_chunks(link, &ask->id, answer);
    }
    link->closed |= answer->close;
}

static void answer_unavailable(struct inproc_link *link, const struct core_ask *ask)
{
    const bool login = ask->op == CORE_OP_LOGIN;
    inproc_send(link, login ? FRAME_LOGIN_REPLY : FRAME_REPLY,
                login ? FRAME_LOGIN_REPLY + 1000 : ask->op, login ? NULL : &ask->id,
                STATUS_UNAVAILABLE, span_of(NULL, 0));
}

void inproc_handle(struct inproc_link *link, struct span bytes)
{
    struct inproc *server = link->server;
    if (link->closed) {
        return;
    }
    if (server->place != NULL) {
        server->place->handle(link, bytes);
        return;
    }
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, bytes, &arena, &message));
    const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
    struct span body = field_span(frame->body);
    struct core_ask ask = {.op = frame->kind == FRAME_LOGIN ? CORE_OP_LOGIN : frame->code,
                           .peer = link->admitted ? &link->peer : NULL};
    const ProtobufCMessageDescriptor *descriptor = ask_of(ask.op);
    assert_non_null(descriptor);
    if (frame->kind == FRAME_REQUEST) {
        assert_true(field_required(frame->request_id, ask.id.bytes, ID_BYTES));
        server->ops[ask.op]++;
    }
    hash_bytes(body, &ask.body_hash);
    ProtobufCMessage *decoded = NULL;
    OK(message_decode(descriptor, body, &arena, &decoded));
    if (server->withholds && ask.op == OP_PAGE) {
        Alcove__PageAsk *page = (Alcove__PageAsk *)(void *)decoded;
        page->to = page->from - 1;
    }
    ask.message = decoded;
    check_signatures(link, body, &ask);
    if (ask.op == CORE_OP_LOGIN) {
        hash_bytes(body, &link->login.login_hash);
        ask.login = &link->login;
    }
    struct txn *txn = NULL;
    OK(db_begin_write(server->db, &txn));
    server->requests++;
    struct core_answer answer = {0};
    const enum status handled = core_handle(server->core, txn, &ask, server->now_ms, &answer);
    if (handled == STATUS_CORRUPT || handled == STATUS_NOT_FOUND) { /* as server/run/run.c does */
        db_abort(txn);
        core_take_back(server->core);
        core_answer_clear(&answer);
        answer_unavailable(link, &ask);
        arena_free(&arena);
        return;
    }
    OK(handled);
    if (server->abort_next) {
        server->abort_next = false;
        db_abort(txn);
        core_take_back(server->core);
        link->closed = true;
        core_answer_clear(&answer);
        arena_free(&arena);
        return;
    }
    OK(db_commit(txn));
    inproc_sign(server);
    if (server->lose_next) {
        server->lose_next = false;
        link->closed = true;
    } else {
        answer_out(link, &ask, &answer);
    }
    core_answer_clear(&answer);
    push(server);
    arena_free(&arena);
}
