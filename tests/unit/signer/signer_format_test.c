/* The log signer's formats: its state file and its messages. */

#include "keys/public/hash.h"
#include "server/signer/signer_state.h"
#include "tests/support/test.h"

/* Goal: the state's bytes stay where they are; another place is another format. */
static void test_state_places(void **state)
{
    (void)state;
    struct signer_state signer;
    struct practice_id practice = {{9}};
    signer_state_init(&signer, &practice);
    signer.sequence = 0x0102030405060708;
    signer.sizes[0] = 0x11;
    signer.sizes[1] = 0x22;
    memset(signer.roots[0].bytes, 0x33, HASH_BYTES);
    memset(signer.roots[1].bytes, 0x44, HASH_BYTES);
    uint8_t bytes[SIGNER_STATE_BYTES];
    signer_state_encode(&signer, bytes);
    uint8_t want[SIGNER_STATE_BYTES] = {'A', 'L', 'S', 3, 1, 2, 3, 4, 5, 6, 7, 8, 0, 9};
    want[52] = 0x11;
    memset(want + 53, 0x33, 32);
    want[92] = 0x22;
    memset(want + 93, 0x44, 32);
    struct hash check;
    hash_bytes(span_of(want, 125), &check);
    memcpy(want + 125, check.bytes, 32);
    assert_int_equal(sizeof want, 157);
    assert_memory_equal(bytes, want, sizeof want);
    signer.again = true;
    signer_state_encode(&signer, bytes);
    assert_int_equal(bytes[12], 1);
}

/* Goal: no bit of the state file may change unnoticed. */
static void test_state_file(void **state)
{
    (void)state;
    struct signer_state signer;
    struct practice_id practice = {{9}};
    signer_state_init(&signer, &practice);
    signer.sequence = 0x0102030405060708;
    signer.again = true;
    signer.sizes[1] = 77;
    signer.roots[1].bytes[3] = 4;
    uint8_t bytes[SIGNER_STATE_BYTES + 1] = {0};
    signer_state_encode(&signer, bytes);
    struct signer_state got;
    assert_int_equal(signer_state_decode(span_of(bytes, SIGNER_STATE_BYTES), &got), STATUS_OK);
    assert_memory_equal(&got, &signer, sizeof got);
    for (size_t bit = 0; bit < SIGNER_STATE_BYTES * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_int_equal(signer_state_decode(span_of(bytes, SIGNER_STATE_BYTES), &got),
                         bit / 8 == 3 ? STATUS_UNSUPPORTED : STATUS_CORRUPT);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t cut = 0; cut <= SIGNER_STATE_BYTES + 1; cut++) {
        assert_int_equal(signer_state_decode(span_of(bytes, cut), &got),
                         cut == SIGNER_STATE_BYTES ? STATUS_OK : STATUS_CORRUPT);
    }
}

/* Goal: messages are read exactly: cut or lengthened ones are refused. */
static void test_messages(void **state)
{
    static struct signer_request request;
    static struct signer_request got;
    static struct signer_reply reply;
    static struct signer_reply got_reply;
    static uint8_t bytes[SIGNER_REQUEST_BYTES_MAX + 1];
    (void)state;
    memset(&request, 0, sizeof request);
    memset(&reply, 0, sizeof reply);
    request.logs[0].old_size = 3;
    request.logs[1].new_size = UINT64_MAX;
    request.logs[1].proof.count = 2;
    request.logs[1].proof.hashes[1].bytes[31] = 7;
    size_t size = 0;
    assert_int_equal(signer_protocol_put_request(&request, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(signer_protocol_get_request(span_of(bytes, size), &got), STATUS_OK);
    assert_memory_equal(&got, &request, sizeof got);
    for (size_t cut = 0; cut <= size + 1; cut++) {
        assert_int_equal(signer_protocol_get_request(span_of(bytes, cut), &got),
                         cut == size ? STATUS_OK : STATUS_MALFORMED);
    }
    bytes[1] = SIGNER_KIND_BACKUP + 1;
    assert_int_equal(signer_protocol_get_request(span_of(bytes, size), &got), STATUS_MALFORMED);
    bytes[0] = 9;
    assert_int_equal(signer_protocol_get_request(span_of(bytes, size), &got), STATUS_VERSION);
    reply.answer = SIGNER_SIGNED;
    reply.logs[0].note_size = 3;
    memcpy(reply.logs[0].note, "abc", 3);
    assert_int_equal(signer_protocol_put_reply(&reply, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(signer_protocol_get_reply(span_of(bytes, size), &got_reply), STATUS_OK);
    assert_memory_equal(&got_reply, &reply, sizeof reply);
    for (size_t cut = 0; cut <= size + 1; cut++) {
        assert_int_equal(signer_protocol_get_reply(span_of(bytes, cut), &got_reply),
                         cut == size ? STATUS_OK : STATUS_MALFORMED);
    }
    reply.has_signature = true;
    memset(reply.signature.bytes, 7, sizeof reply.signature);
    assert_int_equal(signer_protocol_put_reply(&reply, bytes, sizeof bytes, &size), STATUS_OK);
    assert_int_equal(signer_protocol_get_reply(span_of(bytes, size), &got_reply), STATUS_OK);
    assert_memory_equal(&got_reply, &reply, sizeof reply);
    bytes[size - SIGNATURE_BYTES - 1]--;
    assert_int_equal(signer_protocol_get_reply(span_of(bytes, size), &got_reply), STATUS_MALFORMED);
    bytes[1] = 99;
    assert_int_equal(signer_protocol_get_reply(span_of(bytes, size), &got_reply), STATUS_MALFORMED);
}

/* Goal: the two questions aside of the logs are read exactly too. */
static void test_messages_aside(void **state)
{
    static struct signer_request request;
    static struct signer_request got;
    (void)state;
    uint8_t bytes[2 + 2 * HASH_BYTES + 1] = {0};
    for (unsigned kind = SIGNER_KIND_LAST; kind <= SIGNER_KIND_BACKUP; kind++) {
        memset(&request, 0, sizeof request);
        request.kind = (enum signer_kind)kind;
        request.practice.bytes[9] = 8;
        request.manifest.bytes[7] = kind == SIGNER_KIND_BACKUP ? 6 : 0;
        size_t size = 0;
        assert_int_equal(signer_protocol_put_request(&request, bytes, sizeof bytes, &size),
                         STATUS_OK);
        assert_int_equal(size, kind == SIGNER_KIND_BACKUP ? 66 : 34);
        for (size_t cut = 0; cut <= size + 1; cut++) {
            assert_int_equal(signer_protocol_get_request(span_of(bytes, cut), &got),
                             cut == size ? STATUS_OK : STATUS_MALFORMED);
        }
        assert_int_equal(signer_protocol_get_request(span_of(bytes, size), &got), STATUS_OK);
        assert_memory_equal(&got, &request, sizeof got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state_places),
        cmocka_unit_test(test_state_file),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_messages_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
