/*
 * Adding a device: an honest server, a server that changes, repeats, swaps or withholds what it
 * carries. On both sides each ends with a verdict of its own. pair_thief_test.c has a server that helps a
 * thief of the code.
 */
#include "tests/support/test.h"
#include "tests/unit/engine/pairs.h"

/* ---- a server that changes what it carries */

enum lie { LIE_NONE, LIE_FLIP, LIE_SWAP, LIE_KEEP };

struct liar {
    struct pairs *pairs;
    enum lie lie;
    bool to_old;     /* whose reply is changed */
    uint32_t number; /* of the message */
    uint8_t bytes[2048];
    size_t size;
    /* What it saw, of both sides and all numbers. */
    uint8_t seen[2][5][2048];
    size_t seen_size[2][5];
};

static bool lies(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                 ProtobufCMessage *body)
{
    struct liar *liar = context;
    (void)code;
    if (op != OP_MEET || body == NULL) {
        return true;
    }
    Alcove__MeetReply *reply = (Alcove__MeetReply *)(void *)body;
    bool old = link == &liar->pairs->old_link;
    uint32_t number = pairs_number(liar->pairs, old);
    if (reply->message.len == 0 || reply->message.len > sizeof liar->bytes) {
        return true;
    }
    memcpy(liar->seen[old][number], reply->message.data, reply->message.len);
    liar->seen_size[old][number] = reply->message.len;
    if (liar->lie == LIE_NONE || old != liar->to_old || number != liar->number) {
        return true;
    }
    if (liar->lie == LIE_KEEP) {
        reply->message = field_of(NULL, 0);
        return true;
    }
    if (liar->lie == LIE_FLIP) {
        memcpy(liar->bytes, reply->message.data, reply->message.len);
        liar->size = reply->message.len;
        liar->bytes[liar->size - 20] ^= 1;
    }
    reply->message = field_of(liar->bytes, liar->size);
    return true;
}

static void tell_lies(struct liar *liar, struct pairs *pairs)
{
    memset(liar, 0, sizeof *liar);
    liar->pairs = pairs;
    pairs->scene.server.hook = lies;
    pairs->scene.server.hook_context = liar;
}

/* ---- the honest way */

/* Goal: a new device is whole after one sync, and holds no identity key. Method: a note before; the
 * device; it reads, writes, has its member's secrets, and begins at the checkpoints of the old one. */
static void test_whole_after_one_sync(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    struct section_id progress = scene_section(&pairs.scene.therapist, CLASS_PROGRESS);
    scene_note(&pairs.scene.therapist, &progress, "before");
    pairs_run(&pairs);
    assert_int_equal(pair_old_phase(pairs.old_side), PAIR_OLD_COMPARING);
    assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_SHOWING);
    pairs_compare(&pairs);
    pairs_agree(&pairs);
    OK(pair_new_compare(pairs.new_side, pair_old_digits(pairs.old_side)));
    pairs_run(&pairs);
    pairs_hand(&pairs);
    assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_STORING);
    struct inproc_person second;
    pairs_add(&pairs, &second);
    assert_null(second.content.identity);
    struct secret *psk = NULL;
    OK(keystore_content_psk(&second.content, &pairs.scene.client.content.member, &psk));
    secret_free(psk);
    assert_int_equal(scene_sections(&second), 4);
    assert_string_equal(scene_read(&second, &progress).seen, "[before]");
    scene_note(&second, &progress, "after");
    scene_refresh(&pairs.scene.therapist);
    assert_string_equal(scene_read(&pairs.scene.therapist, &progress).seen, "[before][after]");
    /* The client seals to it in the mode of the pair, and it opens that. */
    struct section_id shared = scene_section(&pairs.scene.client, CLASS_SHARED);
    scene_refresh(&pairs.scene.client);
    uint64_t ticket = 0;
    OK(act_rotate(pairs.scene.client.engine, &shared, pairs.scene.server.now_ms, &ticket));
    scene_wait(&pairs.scene.client, ticket);
    scene_note(&pairs.scene.client, &shared, "from the client");
    scene_refresh(&second);
    assert_string_equal(scene_read(&second, &shared).seen, "[from the client]");
    inproc_person_free(&second);
    pairs_close(&pairs);
}

/* Goal: somebody invited later on the first device is read on the second too, in the mode of the pair.
 * Method: the first device invites a client after the second came, who makes the next key of their
 * shared section; the second device invites another, for the first. */
static void test_later_invitation_reaches_both(void **state)
{
    (void)state;
    for (int by_second = 0; by_second < 2; by_second++) {
        struct pairs pairs;
        pairs_open(&pairs);
        struct scene *scene = &pairs.scene;
        struct inproc_person second;
        scene_device(&scene->therapist, &second);
        struct inproc_person *inviter = by_second != 0 ? &second : &scene->therapist;
        struct inproc_person *other = by_second != 0 ? &scene->therapist : &second;
        struct inproc_person late;
        scene_invite(inviter, ROLE_CLIENT, "Lena", &late);
        scene_refresh(&scene->admin);
        uint64_t ticket = 0;
        OK(act_relate(scene->admin.engine, &late.content.member, &scene->therapist.content.member,
                      RELATION_TREATS, 0, scene->server.now_ms, &ticket));
        scene_wait(&scene->admin, ticket);
        scene_refresh(inviter);
        struct chart_id chart;
        OK(act_chart(inviter->engine, &late.content.member, span_of("Lena", 4),
                     scene->server.now_ms, &chart, &ticket));
        scene_wait(inviter, ticket);
        scene_refresh(&late);
        struct section_id shared = scene_section(&late, CLASS_SHARED);
        OK(act_rotate(late.engine, &shared, scene->server.now_ms, &ticket));
        scene_wait(&late, ticket);
        scene_note(&late, &shared, "from Lena");
        scene_refresh(other);
        struct secret *psk = NULL;
        OK(keystore_content_psk(&other->content, &late.content.member, &psk));
        secret_free(psk);
        assert_string_equal(scene_read(other, &shared).seen, "[from Lena]");
        inproc_person_free(&late);
        inproc_person_free(&second);
        pairs_close(&pairs);
    }
}

static bool take_devices(void *visitor, const struct view_device *device)
{
    size_t *untold = visitor;
    *untold += !device->own && !device->told ? 1 : 0;
    return true;
}

/* Goal: the new device knows the others as told, and another old device does not know the new one.
 * Method: a second device by hand, a third by the exchange; who has news to tell. */
static void test_others_are_told(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    pairs_run(&pairs);
    pairs_compare(&pairs);
    pairs_agree(&pairs);
    OK(pair_new_compare(pairs.new_side, pair_old_digits(pairs.old_side)));
    pairs_run(&pairs);
    pairs_hand(&pairs);
    struct inproc_person second;
    pairs_add(&pairs, &second);
    size_t untold = 0;
    view_devices(second.engine, &second.content.member, take_devices, &untold);
    assert_int_equal(untold, 0);
    view_devices(pairs.scene.therapist.engine, &second.content.member, take_devices, &untold);
    assert_int_equal(untold, 1); /* the command that adds it marks it (act_pair_named) */
    OK(act_pair_named(pairs.scene.therapist.engine, &second.content.device_statement,
                      span_of("Laptop", 6)));
    untold = 0;
    view_devices(pairs.scene.therapist.engine, &second.content.member, take_devices, &untold);
    assert_int_equal(untold, 0);
    inproc_person_free(&second);
    pairs_close(&pairs);
}

/* ---- without the code */

/* Goal: no byte can be changed on the way. Method: each message of either side, one bit. */
static void test_changed_message(void **state)
{
    (void)state;
    for (uint32_t number = 1; number <= 3; number++) {
        for (int to_old = 0; to_old < 2; to_old++) {
            struct pairs pairs;
            pairs_open(&pairs);
            struct liar liar;
            tell_lies(&liar, &pairs);
            liar.lie = LIE_FLIP;
            liar.to_old = to_old != 0;
            liar.number = number;
            pairs_run(&pairs);
            if (number > 1 && pairs.old_status == STATUS_OK && pairs.new_status == STATUS_OK) {
                pairs_compare(&pairs);
                pairs_agree(&pairs);
            }
            if (number == 3 && pairs.new_status == STATUS_OK) {
                OK(pair_new_compare(pairs.new_side, pair_old_digits(pairs.old_side)));
                pairs_run(&pairs);
                if (pairs.old_status == STATUS_OK) {
                    pairs_hand(&pairs);
                }
            }
            assert_int_equal(to_old != 0 ? pairs.old_status : pairs.new_status, STATUS_DAMAGED);
            pairs_close(&pairs);
        }
    }
}

/* Goal: a message counts at its own place alone. Method: each side is given what it said itself, what
 * the other said before, and what was said in an earlier meeting. */
static void test_replayed_message(void **state)
{
    (void)state;
    for (int what = 0; what < 3; what++) {
        struct pairs pairs;
        pairs_open(&pairs);
        struct liar liar;
        tell_lies(&liar, &pairs);
        pairs_run(&pairs);
        pairs_compare(&pairs);
        struct liar again;
        memset(&again, 0, sizeof again);
        again.pairs = &pairs;
        again.lie = LIE_SWAP;
        again.number = 2;
        bool to_old = what == 2;
        again.to_old = to_old;
        if (what == 0) { /* its own commitment, shown to the new device */
            again.size = liar.seen_size[true][1];
            memcpy(again.bytes, liar.seen[true][1], again.size);
        } else if (what == 1) { /* the welcome, once more in place of the statement */
            again.size = liar.seen_size[false][1];
            memcpy(again.bytes, liar.seen[false][1], again.size);
        } else { /* what another new device committed to, in a meeting that is over */
            pair_old_free(pairs.old_side);
            pairs.old_side = NULL;
            inproc_disconnect(&pairs.old_link);
            OK(act_pair_offer(pairs.scene.therapist.engine, pairs.scene.server.now_ms,
                              &pairs.offer));
            OK(pair_old_begin(&pairs.offer, &pairs.old_side));
            inproc_connect(&pairs.scene.server, &pairs.old_link);
            pair_old_start(pairs.old_side);
            pairs_run_old(&pairs);
            again.number = 1;
            again.size = liar.seen_size[true][1];
            memcpy(again.bytes, liar.seen[true][1], again.size);
            char code[INVITATION_TEXT_CHARS_MAX + 1];
            invitation_code_encode(&pairs.offer.code, code);
            struct inproc_link link;
            struct pair_new *other = NULL;
            OK(pairs_begin_new(&pairs, code, "Other", &link, &other));
            inproc_disconnect(&link);
            pair_new_free(pairs.new_side);
            pairs.new_side = other;
            inproc_disconnect(&pairs.new_link);
            inproc_connect(&pairs.scene.server, &pairs.new_link);
            pair_new_start(other);
        }
        pairs.scene.server.hook_context = &again;
        if (to_old) {
            pairs_run(&pairs);
            assert_int_equal(pairs.old_status, STATUS_DAMAGED);
        } else {
            pairs_agree(&pairs);
            assert_int_equal(pairs.new_status, STATUS_DAMAGED);
        }
        pairs_close(&pairs);
    }
}

/* Goal: a server that keeps a message back gets nothing but a wait that ends. Method: the welcome is
 * kept; nobody shows digits; after a quarter of an hour both are refused. */
static void test_withheld_message(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    struct liar liar;
    tell_lies(&liar, &pairs);
    liar.lie = LIE_KEEP;
    liar.number = 1;
    pairs_run(&pairs);
    assert_int_equal(pair_new_phase(pairs.new_side), PAIR_NEW_COMMITTED);
    assert_int_equal(pair_old_phase(pairs.old_side), PAIR_OLD_WELCOMING);
    assert_int_equal(pair_old_agree(pairs.old_side, span_of("x", 1)), STATUS_USAGE);
    pairs.scene.server.now_ms += MEETING_MS;
    pairs_run(&pairs);
    assert_int_equal(pairs.new_status, STATUS_REFUSED);
    assert_int_equal(pairs.old_status, STATUS_REFUSED);
    pairs_close(&pairs);
}

/* Goal: a code serves one device. Method: a second one comes with the same code. */
static void test_code_used_twice(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    pairs_run(&pairs);
    struct pair_new *first = pairs.new_side;
    inproc_disconnect(&pairs.new_link);
    pairs.new_side = NULL;
    OK(pairs_begin_new(&pairs, pairs.code, "Thief", &pairs.new_link, &pairs.new_side));
    pairs_run_new(&pairs);
    assert_int_equal(pairs.new_status, STATUS_CONFLICT);
    pair_new_free(first);
    pairs_close(&pairs);
}

/* Goal: a code does what it is for (AT-15). Method: either kind where the other is asked for; a code
 * whose meeting is over. */
static void test_codes_of_other_kinds(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    const char *invitation = pairs.scene.server.admin_code;
    struct join *join = NULL;
    assert_int_equal(join_new(span_of(pairs.code, strlen(pairs.code)), INVITATION_KIND_JOIN, &join),
                     STATUS_UNSUPPORTED);
    assert_int_equal(
        join_new(span_of(invitation, strlen(invitation)), INVITATION_KIND_DEVICE, &join),
        STATUS_UNSUPPORTED);
    pairs.scene.server.now_ms += MEETING_MS;
    struct inproc_link link;
    struct pair_new *late = NULL;
    assert_int_equal(pairs_begin_new(&pairs, pairs.code, "", &link, &late), STATUS_REFUSED);
    pairs_close(&pairs);
}

/* Goal: who holds no identity key can offer nothing. Method: the second device asks; then the first
 * is revoked, and what it still sends opens no meeting. */
static void test_only_the_first_adds(void **state)
{
    (void)state;
    struct pairs pairs;
    pairs_open(&pairs);
    struct inproc_person second;
    scene_device(&pairs.scene.therapist, &second);
    struct pair_offer *offer = malloc(sizeof *offer);
    assert_non_null(offer);
    assert_int_equal(act_pair_offer(second.engine, pairs.scene.server.now_ms, offer),
                     STATUS_UNSUPPORTED);
    OK(act_pair_offer(pairs.scene.therapist.engine, pairs.scene.server.now_ms, offer));
    uint64_t ticket = 0;
    OK(act_device_revoke(second.engine, &second.content.member,
                         &pairs.scene.therapist.content.device_statement, pairs.scene.server.now_ms,
                         &ticket));
    scene_wait(&second, ticket);
    pair_old_free(pairs.old_side);
    OK(pair_old_begin(offer, &pairs.old_side));
    inproc_disconnect(&pairs.old_link);
    inproc_connect(&pairs.scene.server, &pairs.old_link);
    pair_old_start(pairs.old_side);
    pairs_run_old(&pairs);
    assert_int_equal(pairs.old_status, STATUS_REFUSED);
    free(offer);
    inproc_person_free(&second);
    pairs_close(&pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_after_one_sync),
        cmocka_unit_test(test_later_invitation_reaches_both),
        cmocka_unit_test(test_others_are_told),
        cmocka_unit_test(test_changed_message),
        cmocka_unit_test(test_replayed_message),
        cmocka_unit_test(test_withheld_message),
        cmocka_unit_test(test_code_used_twice),
        cmocka_unit_test(test_codes_of_other_kinds),
        cmocka_unit_test(test_only_the_first_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
