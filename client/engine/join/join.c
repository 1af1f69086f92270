#include "client/engine/join/join.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/decode.h"
#include "client/engine/join/join_inside.h"
#include "keys/public/bytes/random.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/log/origin.h"
#include "proto/packing.h"

enum status join_new(struct span code, enum invitation_kind kind, struct join **out_join)
{
    struct join *join = calloc(1, sizeof *join);
    if (join == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = invitation_code_parse(code, kind, &join->code);
    if (status != STATUS_OK) {
        free(join);
        return status;
    }
    join->phase = JOIN_GREETING;
    *out_join = join;
    return STATUS_OK;
}

void join_free(struct join *join)
{
    if (join == NULL) {
        return;
    }
    invitation_code_wipe(&join->code);
    identity_signer_free(join->invitation_key);
    secret_free(join->psk);
    authority_free(join->authority);
    keystore_content_deinit(&join->content);
    request_deinit(&join->requests);
    free(join->enrolment.data);
    free(join);
}

const char *join_address(const struct join *join)
{
    return join->code.address;
}

const struct invitation_code *join_code(const struct join *join)
{
    return &join->code;
}

void join_start(struct join *join)
{
    request_deinit(&join->requests);
    if (join->phase == JOIN_BUNDLE) {
        join->phase = JOIN_GREETING;
    }
}

enum join_phase join_phase(const struct join *join)
{
    return join->phase;
}

const struct join_info *join_info(const struct join *join)
{
    return &join->info;
}

void join_tls_pin(const struct join *join, struct hash *out_now, struct hash *out_next)
{
    const struct statement_server_keys *keys =
        join->authority == NULL ? NULL : authority_server_keys(join->authority);
    const struct hash none = {{0}};
    *out_now = keys == NULL ? none : keys->tls_pin;
    *out_next = keys == NULL ? none : keys->tls_next;
}

bool join_next_frame(struct join *join, struct span *out_frame)
{
    return request_next_frame(&join->requests, out_frame);
}

static enum status ask_bundle(struct join *join)
{
    Alcove__BundleAsk ask;
    alcove__bundle_ask__init(&ask);
    ask.hash = field_of(join->code.bundle_hash, sizeof join->code.bundle_hash);
    struct request *request = NULL;
    return request_ask(&join->requests, OP_BUNDLE, NULL, &ask.base, &request);
}

static enum status ask_enrol(struct join *join)
{
    Alcove__EnrolAsk ask;
    alcove__enrol_ask__init(&ask);
    ask.statement = field_of(join->enrolment.data, join->enrolment.size);
    struct request *request = NULL;
    return request_ask(&join->requests, OP_ENROL, NULL, &ask.base, &request);
}

/* The greeting carries the practice and the login key; they are compared once the bundle has
 * told what they must be. */
static enum status on_hello(struct join *join, struct span body)
{
    struct arena arena = {0};
    const Alcove__Hello *hello = NULL;
    enum status status = decode_hello(body, &arena, &hello);
    if (status == STATUS_OK &&
        (hello->version_min > WIRE_VERSION || hello->version_max < WIRE_VERSION)) {
        status = STATUS_VERSION;
    }
    if (status == STATUS_OK && (!field_required(hello->practice, join->hello_practice.bytes,
                                                sizeof join->hello_practice.bytes) ||
                                !field_key(hello->login_key, &join->hello_login_key))) {
        status = STATUS_MALFORMED;
    }
    arena_free(&arena);
    if (status != STATUS_OK) {
        return status;
    }
    if (join->phase == JOIN_GREETING) {
        join->phase = JOIN_BUNDLE;
        return ask_bundle(join);
    }
    if (join->phase == JOIN_ENROLLING) {
        return ask_enrol(join);
    }
    return STATUS_OK;
}

static bool server_fits(const struct join *join)
{
    const struct statement_server_keys *keys = authority_server_keys(join->authority);
    return keys != NULL && ID_EQUAL(&join->hello_practice, &join->info.practice) &&
           (ID_EQUAL(&join->hello_login_key, &keys->login_key) ||
            ID_EQUAL(&join->hello_login_key, &keys->login_next));
}

static enum status on_bundle(struct join *join, struct span body, uint64_t now_ms)
{
    struct arena arena = {0};
    const Alcove__BundleReply *reply = NULL;
    enum status status = decode_bundle_reply(body, &arena, &reply);
    if (status == STATUS_OK) {
        status = join_verify(join, field_span(reply->bundle), now_ms);
    }
    if (status == STATUS_OK && !server_fits(join)) {
        status = STATUS_WRONG_KEY;
    }
    arena_free(&arena);
    if (status == STATUS_OK) {
        join->phase = JOIN_VERIFIED;
    }
    return status;
}

static enum status on_reply(struct join *join, const Alcove__Frame *frame, uint64_t now_ms)
{
    struct request *request = request_find(&join->requests, frame->request_id);
    if (request == NULL) {
        return STATUS_MALFORMED;
    }
    enum op op = request->op;
    request_release(request);
    bool stored = op == OP_ENROL && frame->code == STATUS_ALREADY;
    if (frame->code != STATUS_OK && !stored) {
        return common_code(frame->code);
    }
    if (op == OP_BUNDLE && join->phase == JOIN_BUNDLE) {
        return on_bundle(join, field_span(frame->body), now_ms);
    }
    if (op == OP_ENROL && join->phase == JOIN_ENROLLING) {
        join->phase = JOIN_DONE;
        return STATUS_OK;
    }
    return STATUS_MALFORMED;
}

enum status join_receive(struct join *join, struct span bytes, uint64_t now_ms)
{
    if (join->phase == JOIN_DONE || join->phase == JOIN_FAILED) {
        return STATUS_USAGE;
    }
    struct arena arena = {0};
    const Alcove__Frame *frame = NULL;
    enum status status = decode_frame(bytes, &arena, &frame);
    if (status == STATUS_OK) {
        status = frame->kind == FRAME_HELLO   ? on_hello(join, field_span(frame->body))
                 : frame->kind == FRAME_REPLY ? on_reply(join, frame, now_ms)
                                              : STATUS_MALFORMED;
    }
    arena_free(&arena);
    bool again = status == STATUS_BUSY || status == STATUS_UNAVAILABLE ||
                 status == STATUS_READ_ONLY || alarm_is_ours(status);
    if (status != STATUS_OK && !again) {
        join->phase = JOIN_FAILED;
    }
    return status;
}

void join_fill_server(const struct join *join, struct keystore_content *content)
{
    const struct statement_server_keys *keys = authority_server_keys(join->authority);
    content->practice = join->info.practice;
    content->pins = (struct keystore_pins){.login_key = keys->login_key,
                                           .login_key_next = keys->login_next,
                                           .log_key = keys->log_key,
                                           .log_key_next = keys->log_next,
                                           .tls_key = keys->tls_pin,
                                           .tls_key_next = keys->tls_next};
    (void)snprintf(content->address, sizeof content->address, "%s", join->code.address);
    char origin[ORIGIN_CHARS_MAX];
    origin_format(&content->practice, ORIGIN_EVENTS, origin);
    char *slash = strrchr(origin, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    (void)snprintf(content->origin, sizeof content->origin, "%s", origin);
}

static enum status fill_content(struct join *join, const struct made *enrolment)
{
    struct keystore_content *content = &join->content;
    join_fill_server(join, content);
    content->member = join->info.member;
    content->device_statement = enrolment->hash;
    if (join->by_root) {
        return STATUS_OK;
    }
    return keystore_content_set_psk(content, &join->info.inviter, join->psk);
}

static enum status make_enrolment(struct join *join, const struct recovery_public *recovery,
                                  struct made *out_made)
{
    const struct keystore_content *content = &join->content;
    struct make_place place = {.label = &join->label,
                               .number = 1,
                               .previous = &join->invitation,
                               .member = &join->info.member};
    Alcove__Link link;
    make_link(&place, &link);
    Alcove__DeviceKeys device;
    alcove__device_keys__init(&device);
    device.device = field_of(content->device.bytes, ID_BYTES);
    device.content_key =
        field_of(identity_signer_public(content->content_key)->bytes, PUBLIC_KEY_BYTES);
    device.login_key = field_of(identity_signer_public(content->login)->bytes, PUBLIC_KEY_BYTES);
    device.sealing_key =
        field_of(identity_sealer_public(content->sealing)->bytes, PUBLIC_KEY_BYTES);
    device.suite_min = FRAME_SUITE_CLASSICAL;
    Alcove__Enrolment body;
    alcove__enrolment__init(&body);
    body.link = &link;
    body.identity_key =
        field_of(identity_signer_public(content->identity)->bytes, PUBLIC_KEY_BYTES);
    body.device = &device;
    body.recovery_sealing_key = field_of(recovery->sealing.bytes, PUBLIC_KEY_BYTES);
    body.recovery_signing_key = field_of(recovery->signing.bytes, PUBLIC_KEY_BYTES);
    const struct identity_signer *signers[] = {content->identity, join->invitation_key};
    return make_statement(&join->info.practice, STATEMENT_ENROLMENT, &body.base, signers, 2,
                          out_made);
}

/* The sealed half of the recovery key travels with the keystore, so that the card alone opens
 * it wherever the keystore's copy is. */
static enum status make_keys(struct join *join, struct recovery_public *out_recovery,
                             char *out_card)
{
    struct keystore_content *content = &join->content;
    enum status status = keystore_content_init(content);
    if (status == STATUS_OK) {
        random_bytes(content->device.bytes, sizeof content->device.bytes);
        status = identity_signer_new(IDENTITY_MEMBER, &content->identity);
    }
    if (status == STATUS_OK && join->info.role == ROLE_AUDITOR) {
        status = identity_signer_new(IDENTITY_WITNESS, &content->witness);
    }
    uint8_t sealed[RECOVERY_SEALED_BYTES];
    if (status == STATUS_OK) {
        status =
            recovery_new(&join->info.practice, &join->info.member, out_recovery, sealed, out_card);
    }
    return status == STATUS_OK ? keystore_content_set_extra(content, span_of(sealed, sizeof sealed))
                               : status;
}

/* The content is whole before the enrolment is queued, so that the caller can store it first: an
 * invitation works once, and keys that were enrolled and lost cannot be made again. */
enum status join_enrol(struct join *join, char *out_card)
{
    if (join->phase != JOIN_VERIFIED || join->code.kind != INVITATION_KIND_JOIN) {
        return STATUS_USAGE;
    }
    keystore_content_deinit(&join->content);
    join->content = (struct keystore_content){0};
    struct recovery_public recovery;
    enum status status = make_keys(join, &recovery, out_card);
    struct made made = {0};
    if (status == STATUS_OK) {
        status = make_enrolment(join, &recovery, &made);
    }
    if (status == STATUS_OK) {
        status = fill_content(join, &made);
    }
    if (status != STATUS_OK) {
        make_free(&made);
        return status;
    }
    join->enrolment = made;
    join->phase = JOIN_ENROLLING;
    return ask_enrol(join);
}

enum status join_take_content(struct join *join, struct keystore_content *out_content)
{
    bool made = join->phase == JOIN_ENROLLING || join->phase == JOIN_DONE;
    if (!made || join->content.content_key == NULL) {
        return STATUS_USAGE;
    }
    *out_content = join->content;
    join->content = (struct keystore_content){0};
    return STATUS_OK;
}
