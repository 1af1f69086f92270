#include "client/engine/pair/pair_new.h"

#include "client/engine/common/decode.h"
#include "client/engine/common/statement_make.h"
#include "client/engine/pair/handover.h"
#include "client/engine/pair/meet.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/random.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/statement.h"

#define WELCOME_BYTES (ID_BYTES + PUBLIC_KEY_BYTES + PAIRING_NONCE_BYTES)

struct pair_new {
    struct meet meet;
    enum pair_new_phase phase;
    enum pair_end end;
    struct practice_id practice;
    struct invitation_code code;
    struct pairing_keys keys;
    struct keystore_content content;
    struct pairing_reveal reveal;
    struct pairing_welcome welcome;
    struct hash commitment, transcript;
    char digits[PAIRING_DIGITS_CHARS], others_digits[PAIRING_DIGITS_CHARS];
    uint8_t *body; /* of the DEVICE statement */
    size_t body_size;
    struct signature signature; /* ours */
    uint8_t *handed;
    size_t handed_size;
    struct span names;
};

static enum status make_keys(struct pair_new *pair, struct span name)
{
    struct keystore_content *content = &pair->content;
    enum status status = keystore_content_init(content);
    if (status != STATUS_OK) {
        return status;
    }
    random_bytes(content->device.bytes, sizeof content->device.bytes);
    struct pairing_reveal *reveal = &pair->reveal;
    reveal->device = content->device;
    reveal->content_key = *identity_signer_public(content->content_key);
    reveal->login_key = *identity_signer_public(content->login);
    reveal->sealing_key = *identity_sealer_public(content->sealing);
    random_bytes(reveal->nonce, sizeof reveal->nonce);
    reveal->name_size = name.size;
    if (name.size > 0) {
        memcpy(reveal->name, name.data, name.size);
    }
    pairing_commitment(&pair->practice, reveal, &pair->commitment);
    return STATUS_OK;
}

enum status pair_new_begin(const struct join *join, struct span name, struct pair_new **out_pair)
{
    if (join_phase(join) != JOIN_VERIFIED || join_code(join)->kind != INVITATION_KIND_DEVICE ||
        name.size > PAIRING_NAME_BYTES_MAX) {
        return STATUS_USAGE;
    }
    struct pair_new *pair = calloc(1, sizeof *pair);
    if (pair == NULL) {
        return STATUS_NO_MEMORY;
    }
    pair->phase = PAIR_NEW_COMMITTED;
    pair->practice = join_info(join)->practice;
    pair->code = *join_code(join);
    enum status status = pairing_keys_derive(&pair->code, &pair->practice, &pair->keys);
    if (status == STATUS_OK) {
        status = make_keys(pair, name);
    }
    if (status == STATUS_OK) {
        join_fill_server(join, &pair->content);
        pair->meet.practice = pair->practice;
        pair->meet.key = pair->keys.message;
        pair->meet.side = PAIRING_NEW;
        memcpy(pair->meet.place.bytes, pair->keys.place, PAIRING_PLACE_BYTES);
        status = meet_say(&pair->meet, 1, ID_SPAN(&pair->commitment), true);
    }
    if (status != STATUS_OK) {
        pair_new_free(pair);
        return status;
    }
    *out_pair = pair;
    return STATUS_OK;
}

void pair_new_free(struct pair_new *pair)
{
    if (pair == NULL) {
        return;
    }
    meet_deinit(&pair->meet);
    invitation_code_wipe(&pair->code);
    pairing_keys_deinit(&pair->keys);
    keystore_content_deinit(&pair->content);
    free(pair->body);
    if (pair->handed != NULL) {
        wipe(pair->handed, pair->handed_size);
    }
    free(pair->handed);
    free(pair);
}

void pair_new_start(struct pair_new *pair)
{
    meet_start(&pair->meet);
}

enum status pair_new_poll(struct pair_new *pair)
{
    return meet_poll(&pair->meet);
}

bool pair_new_next_frame(struct pair_new *pair, struct span *out_frame)
{
    return request_next_frame(&pair->meet.requests, out_frame);
}

enum pair_new_phase pair_new_phase(const struct pair_new *pair)
{
    return pair->phase;
}

enum pair_end pair_new_end(const struct pair_new *pair)
{
    return pair->end;
}

bool pair_new_settled(const struct pair_new *pair)
{
    return pair->meet.settled;
}

const char *pair_new_digits(const struct pair_new *pair)
{
    return pair->digits;
}

/* The old device's nonce came after our commitment was there: from here on both sides' digits are
 * fixed, and what we committed to is shown. */
static enum status on_welcome(struct pair_new *pair, struct span text)
{
    if (text.size != WELCOME_BYTES) {
        return STATUS_MALFORMED;
    }
    memcpy(pair->welcome.member.bytes, text.data, ID_BYTES);
    memcpy(pair->welcome.identity_key.bytes, text.data + ID_BYTES, PUBLIC_KEY_BYTES);
    memcpy(pair->welcome.nonce, text.data + ID_BYTES + PUBLIC_KEY_BYTES, PAIRING_NONCE_BYTES);
    pairing_transcript(&pair->practice, &pair->code, &pair->commitment, &pair->welcome,
                       &pair->reveal, &pair->transcript);
    pairing_digits(&pair->transcript, pair->digits, pair->others_digits);
    uint8_t shown[ID_BYTES + 3u * PUBLIC_KEY_BYTES + PAIRING_NONCE_BYTES + PAIRING_NAME_BYTES_MAX];
    struct cursor_writer writer;
    cursor_write_init(&writer, shown, sizeof shown);
    cursor_write_span(&writer, ID_SPAN(&pair->reveal.device));
    cursor_write_span(&writer, ID_SPAN(&pair->reveal.content_key));
    cursor_write_span(&writer, ID_SPAN(&pair->reveal.login_key));
    cursor_write_span(&writer, ID_SPAN(&pair->reveal.sealing_key));
    cursor_write_span(&writer, span_of(pair->reveal.nonce, sizeof pair->reveal.nonce));
    cursor_write_span(&writer, span_of(pair->reveal.name, pair->reveal.name_size));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    pair->phase = PAIR_NEW_SHOWING;
    return meet_say(&pair->meet, 2, span_of(shown, size), true);
}

/* Nothing but a statement for our own keys, in the chain of the member whom both sides' digits
 * name, is signed. */
static enum status judge_body(const struct pair_new *pair, struct span body)
{
    struct arena arena = {0};
    const Alcove__Device *device = NULL;
    enum status status = decode_device(body, &arena, &device);
    if (status == STATUS_OK) {
        const Alcove__DeviceKeys *keys = device->device;
        struct member_id member;
        struct device_id id;
        struct public_key content_key;
        struct public_key login_key;
        struct public_key sealing_key;
        bool fits =
            device->link != NULL && keys != NULL && field_member(device->link->member, &member) &&
            ID_EQUAL(&member, &pair->welcome.member) && device->link->device.len == 0 &&
            field_required(keys->device, id.bytes, sizeof id.bytes) &&
            field_key(keys->content_key, &content_key) && field_key(keys->login_key, &login_key) &&
            field_key(keys->sealing_key, &sealing_key) && ID_EQUAL(&id, &pair->reveal.device) &&
            ID_EQUAL(&content_key, &pair->reveal.content_key) &&
            ID_EQUAL(&login_key, &pair->reveal.login_key) &&
            ID_EQUAL(&sealing_key, &pair->reveal.sealing_key);
        status = fits ? STATUS_OK : STATUS_BAD_CHAIN;
    }
    arena_free(&arena);
    return status;
}

static enum status on_body(struct pair_new *pair, struct span text)
{
    enum status status = judge_body(pair, text);
    if (status == STATUS_OK) {
        pair->body = malloc(text.size);
        status = pair->body == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    if (status == STATUS_OK) {
        memcpy(pair->body, text.data, text.size);
        pair->body_size = text.size;
        pair->phase = PAIR_NEW_COMPARING;
    }
    return status;
}

enum status pair_new_compare(struct pair_new *pair, const char *typed)
{
    if (pair->phase != PAIR_NEW_COMPARING) {
        return STATUS_USAGE;
    }
    bool none = false;
    if (!pairing_digits_equal(pair->others_digits, typed, &none)) {
        return none ? STATUS_MALFORMED : STATUS_BAD_PROOF;
    }
    struct span body = span_of(pair->body, pair->body_size);
    enum status status = identity_sign(pair->content.content_key, LABEL_DEVICE, &pair->practice,
                                       &body, 1, &pair->signature);
    if (status == STATUS_OK) {
        pair->phase = PAIR_NEW_SIGNED;
        status = meet_say(&pair->meet, 3, ID_SPAN(&pair->signature), true);
    }
    return status;
}

/* The whole statement, by which this device will log in: its hash is known before the log has it. */
static enum status judge_statement(struct pair_new *pair, const struct signature *identity)
{
    struct signature signatures[2] = {*identity, pair->signature};
    struct made made = {0};
    enum status status = make_signed(&pair->practice, STATEMENT_DEVICE,
                                     span_of(pair->body, pair->body_size), signatures, 2, &made);
    struct statement statement;
    memset(&statement, 0, sizeof statement);
    if (status == STATUS_OK) {
        status = statement_parse(span_of(made.data, made.size), &pair->practice, &statement);
    }
    if (status == STATUS_OK) {
        status = statement_verify(&statement, 0, &pair->practice, &pair->welcome.identity_key);
    }
    if (status == STATUS_OK) {
        pair->content.member = pair->welcome.member;
        pair->content.device_statement = made.hash;
    }
    statement_free(&statement);
    make_free(&made);
    return status;
}

static enum status on_handover(struct pair_new *pair, struct span sealed)
{
    if (sealed.size <= PAIRING_HANDOVER_OVERHEAD_BYTES) {
        return STATUS_MALFORMED;
    }
    pair->handed_size = sealed.size - PAIRING_HANDOVER_OVERHEAD_BYTES;
    pair->handed = malloc(pair->handed_size);
    if (pair->handed == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status =
        pairing_take(&pair->keys, &pair->practice, &pair->transcript,
                     identity_sealer_secret(pair->content.sealing), sealed, pair->handed);
    struct signature identity;
    if (status == STATUS_OK) {
        status = handover_read(span_of(pair->handed, pair->handed_size), &identity, &pair->content,
                               &pair->names);
    }
    if (status == STATUS_OK) {
        status = judge_statement(pair, &identity);
    }
    if (status == STATUS_OK) {
        pair->phase = PAIR_NEW_STORING;
    }
    return status;
}

static enum status on_heard(struct pair_new *pair, struct span text)
{
    switch (pair->phase) {
    case PAIR_NEW_COMMITTED:
        return on_welcome(pair, text);
    case PAIR_NEW_SHOWING:
        return on_body(pair, text);
    case PAIR_NEW_SIGNED:
        return on_handover(pair, text);
    case PAIR_NEW_STORED:
        pair->phase = PAIR_NEW_DONE;
        return STATUS_OK;
    case PAIR_NEW_COMPARING:
    case PAIR_NEW_STORING:
    case PAIR_NEW_DONE:
    case PAIR_NEW_ENDED:
        break;
    }
    return STATUS_MALFORMED;
}

enum status pair_new_receive(struct pair_new *pair, struct span frame)
{
    enum meet_news news = MEET_NOTHING;
    uint8_t *text = NULL;
    size_t size = 0;
    enum status status = meet_receive(&pair->meet, frame, &news, &text, &size);
    if (status == STATUS_OK && news == MEET_HEARD) {
        status = on_heard(pair, span_of(text, size));
    } else if (status == STATUS_OK && news == MEET_ENDED) {
        pair->phase = PAIR_NEW_ENDED;
        pair->end = text[0] >= PAIR_END_DIGITS && text[0] <= PAIR_END_CHANGED
                        ? (enum pair_end)text[0]
                        : PAIR_END_BROKEN;
    }
    if (text != NULL) {
        wipe(text, size);
    }
    free(text);
    return status;
}

enum status pair_new_refuse(struct pair_new *pair, enum pair_end why)
{
    uint32_t next = pair->phase == PAIR_NEW_COMMITTED   ? 2
                    : pair->phase == PAIR_NEW_SHOWING   ? 3
                    : pair->phase == PAIR_NEW_COMPARING ? 3
                                                        : 4;
    pair->phase = PAIR_NEW_ENDED;
    return meet_end(&pair->meet, next, why);
}

enum status pair_new_take_content(struct pair_new *pair, struct keystore_content *out_content)
{
    if (pair->phase != PAIR_NEW_STORING || pair->content.content_key == NULL) {
        return STATUS_USAGE;
    }
    *out_content = pair->content;
    pair->content = (struct keystore_content){0};
    return STATUS_OK;
}

struct span pair_new_names(const struct pair_new *pair)
{
    return pair->names;
}

enum status pair_new_stored(struct pair_new *pair)
{
    if (pair->phase != PAIR_NEW_STORING) {
        return STATUS_USAGE;
    }
    pair->phase = PAIR_NEW_STORED;
    return meet_say(&pair->meet, 4, span_of(NULL, 0), true);
}
