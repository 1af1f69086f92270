/*
 * AT-14 and 33: devices that are nobody's, and every type of statement and every label in the
 * place of every other.
 */
#include "tests/hostile/stage.h"

#include "keys/public/bytes/random.h"
#include "keys/public/verify.h"
#include "server/store/chain_log.h"
#include "server/store/ledger.h"

static void plant_and_refuse(struct stage *stage, struct made *made)
{
    struct inproc_person *client = &stage->scene.client;
    kit_plant_statement(&stage->scene.server, &stage->submit.peer, span_of(made->data, made->size));
    make_free(made);
    inproc_offline(client);
    uint64_t ticket = 0;
    scene_write(client, &stage->shared, NULL, REVISION_DRAFT, "mine", &ticket);
    const uint64_t submits = stage->scene.server.ops[OP_SUBMIT];
    kit_refuses(client, STATUS_OK, 0);
    assert_int_equal(stage->scene.server.ops[OP_SUBMIT], submits);
    assert_string_equal(scene_read(client, &stage->shared).seen, "[one][mine]");
}

/* ---------------------------------------------------------------- devices */

/* The statement that would make a further device of the therapist. */
static void capture_device(struct stage *stage, struct keystore_content *content)
{
    struct inproc_person *therapist = &stage->scene.therapist;
    OK(keystore_content_init(content));
    random_bytes(content->device.bytes, ID_BYTES);
    struct act_device_keys keys = (struct act_device_keys){
        content->device, *identity_signer_public(content->content_key),
        *identity_signer_public(content->login), *identity_sealer_public(content->sealing)};
    uint8_t *body = NULL;
    size_t size = 0;
    OK(act_device_body(therapist->engine, &keys, &body, &size));
    struct span bytes = span_of(body, size);
    struct signature signature;
    OK(identity_sign(content->content_key, LABEL_DEVICE, &stage->scene.server.practice, &bytes, 1,
                     &signature));
    uint64_t ticket = 0;
    OK(act_device(therapist->engine, bytes, &signature, stage->scene.server.now_ms, &ticket));
    kit_capture(therapist, &stage->submit);
    free(body);
}

static void forge_device(struct stage *stage, kit_change *change, void *context,
                         const struct identity_signer *identity, bool own_key)
{
    struct keystore_content content;
    capture_device(stage, &content);
    const struct identity_signer *signers[] = {
        identity, own_key ? content.content_key : stage->scene.admin.content.content_key};
    struct made made = kit_resign(&stage->scene.server, field_span(stage->submit.ask->statement[0]),
                                  0, change, context, signers, 2);
    plant_and_refuse(stage, &made);
    keystore_content_deinit(&content);
}

static void device_of_another(void *context, ProtobufCMessage *body)
{
    const struct inproc_person *other = context;
    ((Alcove__Device *)(void *)body)->device->content_key =
        field_of(identity_signer_public(other->content.content_key)->bytes, PUBLIC_KEY_BYTES);
}

/* Goal: a device is its member's only by the member's identity key, and only with its own key.
 * Method: another identity signs; another key stands in the new device's place; the key of an
 * existing device of somebody else is claimed. */
static void test_AT14_device_by_another_identity(void **state)
{
    struct stage *stage = *state;
    forge_device(stage, NULL, NULL, stage->scene.admin.content.identity, true);
}
static void test_AT14_device_without_its_own_signature(void **state)
{
    struct stage *stage = *state;
    forge_device(stage, NULL, NULL, stage->scene.therapist.content.identity, false);
}
static void test_AT14_device_with_anothers_key(void **state)
{
    struct stage *stage = *state;
    forge_device(stage, device_of_another, &stage->scene.client,
                 stage->scene.therapist.content.identity, true);
}

/* ---------------------------------------------------------------- each type for each other */

/* Goal: AT-33. What was signed as one thing is no other thing. Method: each statement of the
 * practice under each other type, offered as the next of the log to an authority that holds all
 * before it. */
static void test_AT33_every_type_for_every_other(void **state)
{
    struct stage *stage = *state;
    struct inproc *server = &stage->scene.server;
    struct authority *authority = NULL;
    OK(authority_new(&server->practice, 0, &authority));
    struct txn *txn = NULL;
    OK(db_begin_read(server->db, &txn));
    const uint64_t size = ledger_size(txn, LEDGER_STATEMENTS);
    size_t cells = 0;
    for (uint64_t seq = 0; seq < size; seq++) {
        struct chain_statement stored;
        OK(chain_log_get(txn, seq, &stored));
        struct authority_result result;
        for (uint32_t type = 0; type <= STATEMENT_BAD_SEAL + 1; type++) {
            struct arena arena = {0};
            ProtobufCMessage *message = NULL;
            OK(message_decode(&alcove__statement__descriptor, stored.bytes, &arena, &message));
            ((Alcove__Statement *)(void *)message)->type = type;
            uint8_t *bytes = NULL;
            size_t bytes_size = 0;
            OK(message_pack(message, &bytes, &bytes_size));
            if (type != stored.type) {
                assert_int_not_equal(authority_admit(authority, span_of(bytes, bytes_size), seq,
                                                     stored.time_ms, AUTHORITY_VERIFY, &result),
                                     STATUS_OK);
                cells++;
            }
            free(bytes);
            arena_free(&arena);
        }
        OK(authority_admit(authority, stored.bytes, seq, stored.time_ms, AUTHORITY_VERIFY,
                           &result));
    }
    db_abort(txn);
    authority_free(authority);
    print_message("    %zu statements under another type, all refused\n", cells);
    assert_true(cells > 300);
}

/* Goal: no signature made under one label holds under another, or in another practice. Method: one
 * key, one body, every pair of labels that a device or identity may sign under. */
static void test_AT33_every_label_for_every_other(void **state)
{
    struct stage *stage = *state;
    const struct practice_id *practice = &stage->scene.server.practice;
    const struct identity_signer *signer = stage->scene.therapist.content.content_key;
    static const enum label labels[] = {LABEL_REVISION, LABEL_OPENED, LABEL_DEVICE,
                                        LABEL_SECTION,  LABEL_GRANT,  LABEL_REVOCATION,
                                        LABEL_EPOCH,    LABEL_RESEAL, LABEL_BAD_SEAL};
    const struct span body = span_of("one body for all", 16);
    struct practice_id other = *practice;
    other.bytes[31] ^= 1;
    for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
        struct signature signature;
        OK(identity_sign(signer, labels[i], practice, &body, 1, &signature));
        for (int label = LABEL_NONE + 1; label < LABEL_COUNT; label++) {
            const enum status status = verify_frame((enum label)label, practice, &body, 1,
                                                    identity_signer_public(signer), &signature);
            assert_int_equal(status, label == (int)labels[i] ? STATUS_OK : STATUS_BAD_SIGNATURE);
        }
        assert_int_equal(
            verify_frame(labels[i], &other, &body, 1, identity_signer_public(signer), &signature),
            STATUS_BAD_SIGNATURE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(test_AT14_device_by_another_identity),
        STAGE_TEST(test_AT14_device_without_its_own_signature),
        STAGE_TEST(test_AT14_device_with_anothers_key),
        STAGE_TEST(test_AT33_every_type_for_every_other),
        STAGE_TEST(test_AT33_every_label_for_every_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
