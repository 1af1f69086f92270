#include "client/engine/pair/pair_old.h"

#include "client/engine/pair/meet.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/random.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/verify.h"

#define REVEAL_BYTES_MIN (ID_BYTES + 3u * PUBLIC_KEY_BYTES + PAIRING_NONCE_BYTES)

struct pair_old {
    struct meet meet;
    enum pair_old_phase phase;
    enum pair_end end;
    bool compared; /* a person typed the new device's digits */
    struct practice_id practice;
    struct invitation_code code;
    struct pairing_keys keys;
    struct pairing_welcome welcome;
    struct pairing_reveal reveal;
    struct hash commitment, transcript;
    char digits[PAIRING_DIGITS_CHARS], others_digits[PAIRING_DIGITS_CHARS];
    uint8_t *body;
    size_t body_size;
    struct signature signature; /* of the new device */
};

enum status pair_old_begin(const struct pair_offer *offer, struct pair_old **out_pair)
{
    struct pair_old *pair = calloc(1, sizeof *pair);
    if (pair == NULL) {
        return STATUS_NO_MEMORY;
    }
    pair->phase = PAIR_OLD_WAITING;
    pair->practice = offer->practice;
    pair->code = offer->code;
    pair->welcome.member = offer->member;
    pair->welcome.identity_key = offer->identity_key;
    random_bytes(pair->welcome.nonce, sizeof pair->welcome.nonce);
    enum status status = pairing_keys_derive(&pair->code, &pair->practice, &pair->keys);
    if (status != STATUS_OK) {
        pair_old_free(pair);
        return status;
    }
    pair->meet.practice = pair->practice;
    pair->meet.key = pair->keys.message;
    pair->meet.side = PAIRING_OLD;
    pair->meet.opens = offer->ask;
    pair->meet.opens_size = offer->ask_size;
    memcpy(pair->meet.place.bytes, offer->host, PAIRING_PLACE_BYTES);
    meet_hear(&pair->meet, 1);
    *out_pair = pair;
    return STATUS_OK;
}

void pair_old_free(struct pair_old *pair)
{
    if (pair == NULL) {
        return;
    }
    meet_deinit(&pair->meet);
    invitation_code_wipe(&pair->code);
    pairing_keys_deinit(&pair->keys);
    free(pair->body);
    free(pair);
}

void pair_old_start(struct pair_old *pair)
{
    meet_start(&pair->meet);
}

enum status pair_old_poll(struct pair_old *pair)
{
    return meet_poll(&pair->meet);
}

bool pair_old_next_frame(struct pair_old *pair, struct span *out_frame)
{
    return request_next_frame(&pair->meet.requests, out_frame);
}

enum pair_old_phase pair_old_phase(const struct pair_old *pair)
{
    return pair->phase;
}

enum pair_end pair_old_end(const struct pair_old *pair)
{
    return pair->end;
}

bool pair_old_settled(const struct pair_old *pair)
{
    return pair->meet.settled;
}

bool pair_old_open(const struct pair_old *pair)
{
    return pair->meet.opens == NULL;
}

const struct pairing_reveal *pair_old_revealed(const struct pair_old *pair)
{
    return &pair->reveal;
}

const struct hash *pair_old_transcript(const struct pair_old *pair)
{
    return &pair->transcript;
}

const char *pair_old_digits(const struct pair_old *pair)
{
    return pair->digits;
}

struct span pair_old_body(const struct pair_old *pair)
{
    return span_of(pair->body, pair->body_size);
}

const struct signature *pair_old_signature(const struct pair_old *pair)
{
    return &pair->signature;
}

/* Our nonce is told only now: whoever committed cannot choose by it. */
static enum status on_commitment(struct pair_old *pair, struct span text)
{
    if (text.size != HASH_BYTES) {
        return STATUS_MALFORMED;
    }
    memcpy(pair->commitment.bytes, text.data, HASH_BYTES);
    uint8_t welcome[ID_BYTES + PUBLIC_KEY_BYTES + PAIRING_NONCE_BYTES];
    memcpy(welcome, pair->welcome.member.bytes, ID_BYTES);
    memcpy(welcome + ID_BYTES, pair->welcome.identity_key.bytes, PUBLIC_KEY_BYTES);
    memcpy(welcome + ID_BYTES + PUBLIC_KEY_BYTES, pair->welcome.nonce, PAIRING_NONCE_BYTES);
    pair->phase = PAIR_OLD_WELCOMING;
    return meet_say(&pair->meet, 1, span_of(welcome, sizeof welcome), false);
}

static enum status on_reveal(struct pair_old *pair, struct span text)
{
    if (text.size < REVEAL_BYTES_MIN || text.size > REVEAL_BYTES_MIN + PAIRING_NAME_BYTES_MAX) {
        return STATUS_MALFORMED;
    }
    struct pairing_reveal *reveal = &pair->reveal;
    struct cursor_reader reader;
    cursor_read_init(&reader, text);
    cursor_read_bytes(&reader, reveal->device.bytes, ID_BYTES);
    cursor_read_bytes(&reader, reveal->content_key.bytes, PUBLIC_KEY_BYTES);
    cursor_read_bytes(&reader, reveal->login_key.bytes, PUBLIC_KEY_BYTES);
    cursor_read_bytes(&reader, reveal->sealing_key.bytes, PUBLIC_KEY_BYTES);
    cursor_read_bytes(&reader, reveal->nonce, sizeof reveal->nonce);
    struct span name = cursor_read_rest(&reader);
    if (name.size > 0) {
        memcpy(reveal->name, name.data, name.size);
    }
    reveal->name_size = name.size;
    struct hash committed;
    pairing_commitment(&pair->practice, reveal, &committed);
    if (!ID_EQUAL(&committed, &pair->commitment)) {
        return STATUS_BAD_PROOF;
    }
    pairing_transcript(&pair->practice, &pair->code, &pair->commitment, &pair->welcome, reveal,
                       &pair->transcript);
    pairing_digits(&pair->transcript, pair->others_digits, pair->digits);
    pair->phase = PAIR_OLD_COMPARING;
    return STATUS_OK;
}

enum status pair_old_compare(struct pair_old *pair, const char *typed)
{
    if (pair->phase != PAIR_OLD_COMPARING) {
        return STATUS_USAGE;
    }
    bool none = false;
    pair->compared = pairing_digits_equal(pair->others_digits, typed, &none);
    return pair->compared ? STATUS_OK : none ? STATUS_MALFORMED : STATUS_BAD_PROOF;
}

enum status pair_old_agree(struct pair_old *pair, struct span body)
{
    if (pair->phase != PAIR_OLD_COMPARING || !pair->compared) {
        return STATUS_USAGE;
    }
    pair->body = malloc(body.size);
    if (pair->body == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(pair->body, body.data, body.size);
    pair->body_size = body.size;
    pair->phase = PAIR_OLD_AGREED;
    return meet_say(&pair->meet, 2, body, false);
}

static enum status on_signature(struct pair_old *pair, struct span text)
{
    if (text.size != SIGNATURE_BYTES) {
        return STATUS_MALFORMED;
    }
    memcpy(pair->signature.bytes, text.data, SIGNATURE_BYTES);
    struct span body = pair_old_body(pair);
    enum status status = verify_frame(LABEL_DEVICE, &pair->practice, &body, 1,
                                      &pair->reveal.content_key, &pair->signature);
    if (status == STATUS_OK) {
        pair->phase = PAIR_OLD_SIGNED;
    }
    return status;
}

enum status pair_old_hand(struct pair_old *pair, struct span sealed)
{
    if (pair->phase != PAIR_OLD_SIGNED) {
        return STATUS_USAGE;
    }
    if (sealed.size > MEETING_MESSAGE_BYTES_MAX - PAIRING_OVERHEAD_BYTES - 1u) {
        return STATUS_TOO_LARGE;
    }
    pair->phase = PAIR_OLD_HANDED;
    return meet_say(&pair->meet, 3, sealed, false);
}

enum status pair_old_added(struct pair_old *pair)
{
    if (pair->phase != PAIR_OLD_STORED) {
        return STATUS_USAGE;
    }
    pair->phase = PAIR_OLD_ADDED;
    return meet_say(&pair->meet, 4, span_of(NULL, 0), false);
}

static enum status on_heard(struct pair_old *pair, struct span text)
{
    switch (pair->phase) {
    case PAIR_OLD_WAITING:
        return on_commitment(pair, text);
    case PAIR_OLD_WELCOMING:
        return on_reveal(pair, text);
    case PAIR_OLD_AGREED:
        return on_signature(pair, text);
    case PAIR_OLD_HANDED:
        pair->phase = PAIR_OLD_STORED;
        return text.size == 0 ? STATUS_OK : STATUS_MALFORMED;
    case PAIR_OLD_COMPARING:
    case PAIR_OLD_SIGNED:
    case PAIR_OLD_STORED:
    case PAIR_OLD_ADDED:
    case PAIR_OLD_ENDED:
        break;
    }
    return STATUS_MALFORMED;
}

/* Each message of ours asks for the next of theirs. */
static void on_said(struct pair_old *pair)
{
    if (pair->phase == PAIR_OLD_WELCOMING || pair->phase == PAIR_OLD_AGREED ||
        pair->phase == PAIR_OLD_HANDED) {
        meet_hear(&pair->meet, pair->meet.number + 1u);
    }
}

enum status pair_old_receive(struct pair_old *pair, struct span frame)
{
    enum meet_news news = MEET_NOTHING;
    uint8_t *text = NULL;
    size_t size = 0;
    enum status status = meet_receive(&pair->meet, frame, &news, &text, &size);
    if (status == STATUS_OK && news == MEET_SAID) {
        on_said(pair);
    } else if (status == STATUS_OK && news == MEET_HEARD) {
        status = on_heard(pair, span_of(text, size));
    } else if (status == STATUS_OK && news == MEET_ENDED) {
        pair->phase = PAIR_OLD_ENDED;
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

enum status pair_old_refuse(struct pair_old *pair, enum pair_end why)
{
    uint32_t next = pair->phase <= PAIR_OLD_WAITING     ? 1
                    : pair->phase <= PAIR_OLD_COMPARING ? 2
                    : pair->phase <= PAIR_OLD_SIGNED    ? 3
                                                        : 4;
    pair->phase = PAIR_OLD_ENDED;
    return meet_end(&pair->meet, next, why);
}
