#include "keys/private/pairing.h"

#include "keys/private/committed.h"
#include "keys/private/hkdf.h"
#include "keys/private/hpke.h"
#include "keys/private/hpke_internal.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/frame.h"

#include <sodium.h>

#define KEY_BYTES    32u
#define NUMBER_BYTES 5u /* side, number */

static const uint8_t psk_id[] = "alcove device code";

_Static_assert(PAIRING_OVERHEAD_BYTES == COMMITTED_OVERHEAD_BYTES, "a sealed message");
_Static_assert(PAIRING_HANDOVER_OVERHEAD_BYTES == HPKE_OVERHEAD_BYTES, "a handover");
_Static_assert(sizeof psk_id - 1 <= HPKE_PSK_ID_BYTES_MAX, "psk id fits");

static enum status derive(const struct invitation_code *code, const struct practice_id *practice,
                          enum label label, uint8_t *out, size_t size)
{
    uint8_t info[FRAME_PREFIX_BYTES_MAX];
    size_t info_size = frame_prefix(label, practice, info);
    return hkdf_derive(span_of(NULL, 0), span_of(code->secret, sizeof code->secret),
                       span_of(info, info_size), out, size);
}

static enum status derive_secret(const struct invitation_code *code,
                                 const struct practice_id *practice, enum label label,
                                 struct secret **out_secret)
{
    enum status status = secret_new(KEY_BYTES, out_secret);
    return status == STATUS_OK ? derive(code, practice, label, secret_fill(*out_secret), KEY_BYTES)
                               : status;
}

enum status pairing_keys_derive(const struct invitation_code *code,
                                const struct practice_id *practice, struct pairing_keys *out_keys)
{
    *out_keys = (struct pairing_keys){0};
    enum status status =
        derive(code, practice, LABEL_DEVICE_PLACE, out_keys->place, sizeof out_keys->place);
    if (status == STATUS_OK) {
        status = derive_secret(code, practice, LABEL_DEVICE_MESSAGE, &out_keys->message);
    }
    if (status == STATUS_OK) {
        status = derive_secret(code, practice, LABEL_DEVICE_HANDOVER, &out_keys->psk);
    }
    if (status != STATUS_OK) {
        pairing_keys_deinit(out_keys);
    }
    return status;
}

void pairing_keys_deinit(struct pairing_keys *keys)
{
    secret_free(keys->message);
    secret_free(keys->psk);
    sodium_memzero(keys, sizeof *keys);
}

static enum status message_frame(const struct practice_id *practice, enum pairing_side side,
                                 uint32_t number, struct frame *out_frame)
{
    uint8_t place[NUMBER_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, place, sizeof place);
    cursor_write_u8(&writer, (uint8_t)side);
    cursor_write_u32(&writer, number);
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    struct span body = span_of(place, size);
    return frame_build(LABEL_DEVICE_MESSAGE, practice, &body, 1, out_frame);
}

enum status pairing_seal(const struct secret *key, const struct practice_id *practice,
                         enum pairing_side side, uint32_t number, struct span text,
                         uint8_t *out_sealed)
{
    CHECK(sodium_init() >= 0);
    struct frame frame = {0};
    enum status status = message_frame(practice, side, number, &frame);
    if (status == STATUS_OK) {
        struct span bytes = span_of(frame.data, frame.size);
        const struct committed_scope scope = {secret_view(key).data, bytes, bytes};
        uint8_t nonce[COMMITTED_NONCE_BYTES];
        randombytes_buf(nonce, sizeof nonce);
        committed_seal(&scope, nonce, text, out_sealed);
    }
    frame_free(&frame);
    return status;
}

enum status pairing_open(const struct secret *key, const struct practice_id *practice,
                         enum pairing_side side, uint32_t number, struct span sealed,
                         uint8_t *out_text)
{
    if (sealed.size < PAIRING_OVERHEAD_BYTES) {
        return STATUS_DAMAGED;
    }
    struct frame frame = {0};
    enum status status = message_frame(practice, side, number, &frame);
    if (status == STATUS_OK) {
        struct span bytes = span_of(frame.data, frame.size);
        const struct committed_scope scope = {secret_view(key).data, bytes, bytes};
        status = committed_open(&scope, sealed, out_text);
    }
    frame_free(&frame);
    return status;
}

#define REVEAL_PARTS 6u

/* All but the name have one length each, and the name stands last. */
static void reveal_parts(const struct pairing_reveal *reveal, struct span out[static REVEAL_PARTS])
{
    out[0] = ID_SPAN(&reveal->device);
    out[1] = ID_SPAN(&reveal->content_key);
    out[2] = ID_SPAN(&reveal->login_key);
    out[3] = ID_SPAN(&reveal->sealing_key);
    out[4] = span_of(reveal->nonce, sizeof reveal->nonce);
    out[5] = span_of(reveal->name, reveal->name_size);
}

void pairing_commitment(const struct practice_id *practice, const struct pairing_reveal *reveal,
                        struct hash *out_commitment)
{
    struct span parts[REVEAL_PARTS];
    reveal_parts(reveal, parts);
    frame_hash(LABEL_DEVICE_COMMITMENT, practice, parts, REVEAL_PARTS, out_commitment);
}

void pairing_transcript(const struct practice_id *practice, const struct invitation_code *code,
                        const struct hash *commitment, const struct pairing_welcome *welcome,
                        const struct pairing_reveal *reveal, struct hash *out_transcript)
{
    struct span parts[5 + REVEAL_PARTS] = {
        span_of(code->bundle_hash, sizeof code->bundle_hash),
        ID_SPAN(commitment),
        ID_SPAN(&welcome->member),
        ID_SPAN(&welcome->identity_key),
        span_of(welcome->nonce, sizeof welcome->nonce),
    };
    reveal_parts(reveal, parts + 5);
    frame_hash(LABEL_DEVICE_CODE, practice, parts, ARRAY_LEN(parts), out_transcript);
}

static void put_digits(const uint8_t bytes[static 8], char out[static PAIRING_DIGITS_CHARS])
{
    unsigned number = (unsigned)(cursor_get_u64(bytes) % 1000000u);
    (void)snprintf(out, PAIRING_DIGITS_CHARS, "%03u %03u", number / 1000u, number % 1000u);
}

void pairing_digits(const struct hash *transcript, char out_new[static PAIRING_DIGITS_CHARS],
                    char out_old[static PAIRING_DIGITS_CHARS])
{
    put_digits(transcript->bytes, out_new);
    put_digits(transcript->bytes + 8, out_old);
}

/* The digits alone; the number of them. */
static size_t only_digits(const char *text, char out[static PAIRING_DIGITS_CHARS])
{
    memset(out, 0, PAIRING_DIGITS_CHARS);
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (*text >= '0' && *text <= '9') {
            if (count < PAIRING_DIGITS_CHARS - 1u) {
                out[count] = *text;
            }
            count++;
        } else if (*text != ' ' && *text != '-' && *text != '\r' && *text != '\n') {
            return 0;
        }
    }
    return count;
}

bool pairing_digits_equal(const char *wanted, const char *typed, bool *out_none)
{
    char want[PAIRING_DIGITS_CHARS];
    size_t size = only_digits(wanted, want);
    char have[PAIRING_DIGITS_CHARS];
    *out_none = only_digits(typed, have) != size;
    return !*out_none && sodium_memcmp(want, have, sizeof want) == 0;
}

static size_t handover_info(const struct practice_id *practice, const struct hash *transcript,
                            uint8_t out[static FRAME_PREFIX_BYTES_MAX + HASH_BYTES])
{
    struct span body = ID_SPAN(transcript);
    size_t size = 0;
    CHECK(frame_write(LABEL_DEVICE_HANDOVER, practice, &body, 1, out,
                      FRAME_PREFIX_BYTES_MAX + HASH_BYTES, &size) == STATUS_OK);
    return size;
}

enum status pairing_hand(const struct pairing_keys *keys, const struct practice_id *practice,
                         const struct hash *transcript, const struct public_key *recipient,
                         struct span text, uint8_t *out_sealed)
{
    CHECK(sodium_init() >= 0);
    uint8_t info[FRAME_PREFIX_BYTES_MAX + HASH_BYTES];
    size_t info_size = handover_info(practice, transcript, info);
    const struct hpke_psk psk = {keys->psk, span_of(psk_id, sizeof psk_id - 1)};
    uint8_t ephemeral_secret[HPKE_KEY_BYTES];
    randombytes_buf(ephemeral_secret, sizeof ephemeral_secret);
    enum status status =
        hpke_seal_with_ephemeral(ephemeral_secret, recipient, span_of(info, info_size), &psk,
                                 span_of(NULL, 0), text, out_sealed);
    sodium_memzero(ephemeral_secret, sizeof ephemeral_secret);
    return status;
}

enum status pairing_take(const struct pairing_keys *keys, const struct practice_id *practice,
                         const struct hash *transcript, const struct secret *recipient,
                         struct span sealed, uint8_t *out_text)
{
    if (sealed.size < HPKE_OVERHEAD_BYTES) {
        return STATUS_WRONG_KEY;
    }
    uint8_t info[FRAME_PREFIX_BYTES_MAX + HASH_BYTES];
    size_t info_size = handover_info(practice, transcript, info);
    const struct hpke_psk psk = {keys->psk, span_of(psk_id, sizeof psk_id - 1)};
    return hpke_open(recipient, span_of(info, info_size), &psk, span_of(NULL, 0), sealed, out_text);
}
