/*
 * Adding a device while a thief has read the code and the server helps: the middle can open and seal
 * every message, and is found out by the digits and the commitment. Each ends with a verdict of its own.
 */
#include "keys/public/bytes/random.h"
#include "tests/support/test.h"
#include "tests/unit/engine/pairs.h"

struct middle {
    struct pairs *pairs;
    struct pairing_keys keys;
    struct pairing_reveal reveal; /* its own device */
    struct pairing_welcome welcome;
    uint8_t sealed[2][3][2048];
    size_t sealed_size[2][3];
    uint8_t seen[2048]; /* the new device's second message */
    size_t seen_size;
};

static void middle_say(struct middle *middle, bool to_old, uint32_t number, struct span text)
{
    uint8_t plain[1024];
    plain[0] = 1;
    memcpy(plain + 1, text.data, text.size);
    OK(pairing_seal(middle->keys.message, &middle->pairs->scene.server.practice,
                    to_old ? PAIRING_NEW : PAIRING_OLD, number, span_of(plain, text.size + 1),
                    middle->sealed[to_old][number]));
    middle->sealed_size[to_old][number] = text.size + 1 + PAIRING_OVERHEAD_BYTES;
}

static bool middle_lies(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                        ProtobufCMessage *body)
{
    struct middle *middle = context;
    (void)code;
    bool old = link == &middle->pairs->old_link;
    uint32_t number = pairs_number(middle->pairs, old);
    if (op == OP_MEET && body != NULL && number < 3 && middle->sealed_size[old][number] > 0) {
        Alcove__MeetReply *reply = (Alcove__MeetReply *)(void *)body;
        if (old && number == 2 && reply->message.len <= sizeof middle->seen) {
            memcpy(middle->seen, reply->message.data, reply->message.len);
            middle->seen_size = reply->message.len;
        }
        reply->message = field_of(middle->sealed[old][number], middle->sealed_size[old][number]);
    }
    return true;
}

/* What the new device itself showed, which the middle can open. */
static void shown_by_new(const struct middle *middle, struct act_device_keys *out)
{
    uint8_t text[1024];
    OK(pairing_open(middle->keys.message, &middle->pairs->scene.server.practice, PAIRING_NEW, 2,
                    span_of(middle->seen, middle->seen_size), text));
    memcpy(out->device.bytes, text + 1, ID_BYTES);
    memcpy(out->content_key.bytes, text + 1 + ID_BYTES, PUBLIC_KEY_BYTES);
    memcpy(out->login_key.bytes, text + 1 + ID_BYTES + PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES);
    memcpy(out->sealing_key.bytes, text + 1 + ID_BYTES + 2 * PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES);
}

/* Stands between with keys of its own: a device for the old one, an old device for the new one. */
static void stand_between(struct middle *middle, struct pairs *pairs)
{
    memset(middle, 0, sizeof *middle);
    middle->pairs = pairs;
    const struct practice_id *practice = &pairs->scene.server.practice;
    OK(pairing_keys_derive(&pairs->offer.code, practice, &middle->keys));
    random_bytes(&middle->reveal, sizeof middle->reveal);
    middle->reveal.name_size = 0;
    struct hash commitment;
    pairing_commitment(practice, &middle->reveal, &commitment);
    middle_say(middle, true, 1, ID_SPAN(&commitment));
    uint8_t welcome[ID_BYTES + PUBLIC_KEY_BYTES + PAIRING_NONCE_BYTES];
    memcpy(welcome, pairs->offer.member.bytes, ID_BYTES);
    memcpy(welcome + ID_BYTES, pairs->offer.identity_key.bytes, PUBLIC_KEY_BYTES);
    random_bytes(welcome + ID_BYTES + PUBLIC_KEY_BYTES, PAIRING_NONCE_BYTES);
    middle_say(middle, false, 1, span_of(welcome, sizeof welcome));
    uint8_t shown[ID_BYTES + 3 * PUBLIC_KEY_BYTES + PAIRING_NONCE_BYTES];
    memcpy(shown, middle->reveal.device.bytes, ID_BYTES);
    memcpy(shown + ID_BYTES, middle->reveal.content_key.bytes, PUBLIC_KEY_BYTES);
    memcpy(shown + ID_BYTES + PUBLIC_KEY_BYTES, middle->reveal.login_key.bytes, PUBLIC_KEY_BYTES);
    memcpy(shown + ID_BYTES + 2 * PUBLIC_KEY_BYTES, middle->reveal.sealing_key.bytes,
           PUBLIC_KEY_BYTES);
    memcpy(shown + ID_BYTES + 3 * PUBLIC_KEY_BYTES, middle->reveal.nonce, PAIRING_NONCE_BYTES);
    middle_say(middle, true, 2, span_of(shown, sizeof shown));
    pairs->scene.server.hook = middle_lies;
    pairs->scene.server.hook_context = middle;
}

/* Goal: whoever stands between with the code cannot make both screens agree. Method: the middle shows
 * each side keys and a nonce of its own; each side's digits are not the other's, and the new device is
 * told that they differed. */
static void test_keys_swapped_by_a_thief_of_the_code(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    struct middle middle;
    stand_between(&middle, &pairs);
    pairs_run(&pairs);
    assert_int_equal(pair_old_phase(pairs.old_side), PAIR_OLD_COMPARING);
    assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_SHOWING);
    assert_int_equal(pair_old_compare(pairs.old_side, "12 34"), STATUS_MALFORMED);
    assert_int_equal(pair_old_compare(pairs.old_side, pair_new_digits(pairs.new_side)),
                     STATUS_BAD_PROOF);
    assert_int_equal(pair_old_agree(pairs.old_side, span_of("x", 1)), STATUS_USAGE);
    OK(pair_old_refuse(pairs.old_side, PAIR_END_DIGITS));
    middle.sealed_size[false][2] = 0;
    pairs_run(&pairs);
    assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_ENDED);
    assert_int_equal(pair_new_end(pairs.new_side), PAIR_END_DIGITS);
    pairing_keys_deinit(&middle.keys);
    pairs_close(&pairs);
}

/* Goal: the new device too is taken in by nobody. Method: the middle plays the old device to the end,
 * with a statement for the new device's true keys; the digits of the true old device are not those that
 * it wants. A statement for other keys, or of another member, is not signed at all. */
static void test_new_device_taken_in_by_a_thief(void **state)
{
    (void)state;
    for (int what = 0; what < 3; what++) {
        struct pairs pairs;
        pairs_open(&pairs);
        struct middle middle;
        stand_between(&middle, &pairs);
        pairs_run(&pairs);
        const struct pairing_reveal *shown = pair_old_revealed(pairs.old_side);
        struct act_device_keys keys = {shown->device, shown->content_key, shown->login_key,
                                       shown->sealing_key};
        if (what != 1) {
            shown_by_new(&middle, &keys);
        }
        struct inproc_person *by = what == 2 ? &pairs.scene.client : &pairs.scene.therapist;
        uint8_t *body = NULL;
        size_t size = 0;
        OK(act_device_body(by->engine, &keys, &body, &size));
        middle_say(&middle, false, 2, span_of(body, size));
        free(body);
        pairs_run_new(&pairs);
        if (what == 0) {
            assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_COMPARING);
            assert_int_equal(pair_new_compare(pairs.new_side, pair_old_digits(pairs.old_side)),
                             STATUS_BAD_PROOF);
            assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_COMPARING);
        } else {
            assert_int_equal(pairs.new_status, STATUS_BAD_CHAIN);
        }
        pairing_keys_deinit(&middle.keys);
        pairs_close(&pairs);
    }
}

/* Goal: what was committed to cannot be chosen later. Method: the middle, which has seen the old
 * device's nonce, shows other keys than it committed to. */
static void test_other_keys_than_committed(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    struct middle middle;
    stand_between(&middle, &pairs);
    middle.sealed_size[true][1] = 0; /* the true commitment goes through */
    pairs_run(&pairs);
    assert_int_equal(pairs.old_status, STATUS_BAD_PROOF);
    pairing_keys_deinit(&middle.keys);
    pairs_close(&pairs);
}

/* Goal: a hand-over is for one device, one exchange and one identity. Method: sealed with another
 * transcript; and with the signature of another identity. */
static void test_forged_handover(void **state)
{
    (void)state;
    for (int what = 0; what < 2; what++) {
        struct pairs pairs;
        pairs_open(&pairs);
        pairs_run(&pairs);
        pairs_compare(&pairs);
        pairs_agree(&pairs);
        OK(pair_new_compare(pairs.new_side, pair_old_digits(pairs.old_side)));
        pairs_run(&pairs);
        struct act_pair_said said = {&pairs.offer.code, *pair_old_transcript(pairs.old_side),
                                     pair_old_revealed(pairs.old_side)->sealing_key,
                                     pair_old_body(pairs.old_side)};
        struct inproc_person *by = &pairs.scene.therapist;
        if (what == 0) {
            said.transcript.bytes[0] ^= 1;
        } else {
            by = &pairs.scene.client; /* has an identity key of its own */
        }
        uint8_t *sealed = NULL;
        size_t size = 0;
        OK(act_pair_hand(by->engine, &said, &sealed, &size));
        OK(pair_old_hand(pairs.old_side, span_of(sealed, size)));
        free(sealed);
        pairs_run(&pairs);
        assert_int_equal(pairs.new_status, what == 0 ? STATUS_WRONG_KEY : STATUS_BAD_SIGNATURE);
        pairs_close(&pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_swapped_by_a_thief_of_the_code),
        cmocka_unit_test(test_new_device_taken_in_by_a_thief),
        cmocka_unit_test(test_other_keys_than_committed),
        cmocka_unit_test(test_forged_handover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
