/* The log signer as a judge, and its folder. */

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/public/verify.h"
#include "signer_scene.h"
#include "tests/support/test.h"

/* Goal: first from 0, then only what extends; the same again gives the same bytes; smaller,
 * other root, wrong proof and another practice are refused and change nothing. */
static void test_answers(void **state)
{
    static struct signer_request request;
    static struct signer_reply first;
    static struct signer_reply reply;
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_grow(&s, 20);
    struct log_key *key = NULL;
    assert_int_equal(signer_file_key(s.folder, &key), STATUS_OK);
    struct signer_file signer;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_OK);
    scene_request_from(&s, 0, 7, &request);
    signer_file_answer(&signer, key, &request, &first);
    assert_int_equal(first.answer, SIGNER_SIGNED);
    scene_check_note(&s, ORIGIN_EVENTS, first.logs[1].note, first.logs[1].note_size, 7);
    scene_check_note(&s, ORIGIN_STATEMENTS, first.logs[0].note, first.logs[0].note_size, 0);
    signer_file_answer(&signer, key, &request, &reply);
    assert_memory_equal(&reply, &first, sizeof reply);
    scene_request_from(&s, 7, 20, &request);
    request.logs[1].proof.hashes[0].bytes[5] ^= 1;
    signer_file_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    assert_int_equal(reply.logs[1].note_size, 0);
    scene_request_from(&s, 6, 20, &request);
    signer_file_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_OTHER_SIZE);
    assert_int_equal(reply.logs[1].size, 7);
    scene_request_from(&s, 7, 20, &request);
    request.practice.bytes[0] ^= 1;
    signer_file_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_BAD_REQUEST);
    scene_request_from(&s, 7, 20, &request);
    signer_file_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_SIGNED);
    request.logs[1].root.bytes[0] ^= 1;
    signer_file_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    scene_request_from(&s, 20, 19, &request);
    signer_file_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_REWOUND);
    assert_int_equal(reply.logs[1].size, 20);
    signer_file_close(&signer);
    log_key_close(key);
    scene_deinit(&s);
}

/* Goal: the last heads are given again as they were signed, a manifest is signed under its own
 * label, and neither is remembered; another practice's are refused. */
static void test_aside(void **state)
{
    static struct signer_request request;
    static struct signer_reply first;
    static struct signer_reply reply;
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_grow(&s, 9);
    struct log_key *key = NULL;
    assert_int_equal(signer_file_key(s.folder, &key), STATUS_OK);
    struct signer_file signer;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_OK);
    scene_request_from(&s, 0, 9, &request);
    signer_file_answer(&signer, key, &request, &first);
    const struct signer_state was = signer.state;
    request = (struct signer_request){.kind = SIGNER_KIND_LAST, .practice = s.fixture.practice};
    signer_file_answer(&signer, key, &request, &reply);
    assert_memory_equal(&reply, &first, sizeof reply);
    request.kind = SIGNER_KIND_BACKUP;
    request.manifest.bytes[3] = 5;
    signer_file_answer(&signer, key, &request, &reply);
    assert_true(reply.answer == SIGNER_SIGNED && reply.has_signature);
    assert_int_equal(reply.logs[1].note_size, 0);
    const struct span parts[] = {ID_SPAN(&request.manifest)};
    assert_int_equal(
        verify_frame(LABEL_BACKUP, &s.fixture.practice, parts, 1, &s.public_key, &reply.signature),
        STATUS_OK);
    assert_int_equal(verify_bytes(&s.public_key, parts[0], &reply.signature), STATUS_BAD_SIGNATURE);
    request.practice.bytes[0] ^= 1;
    for (unsigned kind = SIGNER_KIND_LAST; kind <= SIGNER_KIND_BACKUP; kind++) {
        request.kind = (enum signer_kind)kind;
        signer_file_answer(&signer, key, &request, &reply);
        assert_true(reply.answer == SIGNER_BAD_REQUEST && !reply.has_signature);
        assert_int_equal(reply.logs[1].note_size, 0);
    }
    assert_memory_equal(&signer.state, &was, sizeof was);
    signer_file_close(&signer);
    log_key_close(key);
    scene_deinit(&s);
}

/* Goal: both logs are signed or neither. Method: events extend, statements do not. */
static void test_both_or_neither(void **state)
{
    static struct signer_request request;
    static struct signer_reply reply;
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_grow(&s, 5);
    struct log_key *key = NULL;
    assert_int_equal(signer_file_key(s.folder, &key), STATUS_OK);
    struct signer_state signer;
    signer_state_init(&signer, &s.fixture.practice);
    scene_request_from(&s, 0, 5, &request);
    request.logs[ORIGIN_STATEMENTS].root.bytes[0] ^= 1;
    struct signer_state next;
    assert_false(signer_state_answer(&signer, key, &request, &reply, &next));
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    assert_memory_equal(&next, &signer, sizeof next);
    scene_request_from(&s, 0, 5, &request);
    request.logs[ORIGIN_EVENTS].new_size = UINT64_MAX;
    assert_false(signer_state_answer(&signer, key, &request, &reply, &next));
    assert_int_not_equal(reply.answer, SIGNER_SIGNED);
    assert_memory_equal(&next, &signer, sizeof next);
    log_key_close(key);
    scene_deinit(&s);
}

/* Goal: a key that was moved away finds its state when it comes back. Method: make a new key
 * without it, before and after a practice used the state. */
static void test_moved_key(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_remove_in(s.folder, SIGNER_FILE_KEY);
    struct public_key again;
    assert_int_equal(signer_file_init(s.folder, &again), STATUS_OK);
    struct signer_file signer;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_OK);
    signer_file_close(&signer);
    scene_remove_in(s.folder, SIGNER_FILE_KEY);
    assert_int_equal(signer_file_init(s.folder, &again), STATUS_CONFLICT);
    scene_deinit(&s);
}

/* Goal: one signer per folder, one practice per signer, never an empty state by accident. */
static void test_folder(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    struct public_key again;
    assert_int_equal(signer_file_init(s.folder, &again), STATUS_CONFLICT);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", s.folder, SIGNER_FILE_KEY);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    struct signer_file signer;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_OK);
    struct signer_file second;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &second), STATUS_BUSY);
    signer_file_close(&signer);
    struct practice_id other = {{1}};
    assert_int_equal(signer_file_open(s.folder, &other, &signer), STATUS_CONFLICT);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_OK);
    signer_file_close(&signer);
    (void)snprintf(path, sizeof path, "%s/%s", s.folder, SIGNER_FILE_STATE);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_REFUSED);
    scene_remove_in(s.folder, SIGNER_FILE_STATE);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer), STATUS_NOT_FOUND);
    scene_deinit(&s);
}

/* A state file of |size| bytes that begins with |start|, in the place of the scene's. */
static void put_state(const struct scene *s, struct span start, off_t size)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", s->folder, SIGNER_FILE_STATE);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, start.data, start.size), start.size);
    assert_int_equal(ftruncate(fd, size), 0);
    assert_int_equal(close(fd), 0);
}

/* Goal: a state that is cut, damaged or of another version is never taken for an empty one, and
 * is left as it is. Method: each, opened twice; then the whole one with holes for zeros. */
static void test_unreadable_state(void **state)
{
    static const uint8_t old[148] = {'A', 'L', 'S', 1, 7};
    static const uint8_t three_slots[4] = {'A', 'L', 'S', 2};
    static const uint8_t newer[4] = {'A', 'L', 'S', 4};
    (void)state;
    struct scene s;
    scene_init(&s);
    struct signer_state empty;
    signer_state_init(&empty, &s.fixture.practice);
    uint8_t bytes[SIGNER_STATE_BYTES];
    signer_state_encode(&empty, bytes);
    struct span whole = span_of(bytes, sizeof bytes);
    uint8_t damaged[SIGNER_STATE_BYTES];
    memcpy(damaged, bytes, sizeof damaged);
    damaged[20] ^= 1;
    empty.sequence = 1; /* belongs into the second slot */
    uint8_t elsewhere[SIGNER_STATE_BYTES];
    signer_state_encode(&empty, elsewhere);
    const struct {
        struct span start;
        off_t size;
        enum status want;
    } cases[] = {
        {span_of(old, sizeof old), sizeof old, STATUS_UNSUPPORTED},
        {span_of(three_slots, sizeof three_slots), 3 * SIGNER_DISK_SLOT_BYTES, STATUS_UNSUPPORTED},
        {span_of(newer, sizeof newer), SIGNER_DISK_BYTES, STATUS_UNSUPPORTED},
        {span_of(old, 0), 0, STATUS_CORRUPT},
        {span_of(old, 0), SIGNER_DISK_BYTES, STATUS_CORRUPT},
        {whole, SIGNER_DISK_BYTES - 1, STATUS_CORRUPT},
        {whole, SIGNER_DISK_BYTES + 1, STATUS_CORRUPT},
        {span_of(damaged, sizeof damaged), SIGNER_DISK_BYTES, STATUS_CORRUPT},
        {span_of(elsewhere, sizeof elsewhere), SIGNER_DISK_BYTES, STATUS_CORRUPT},
        {whole, SIGNER_DISK_BYTES, STATUS_OK},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put_state(&s, cases[i].start, cases[i].size);
        for (int twice = 0; twice < 2; twice++) {
            struct signer_file signer;
            assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &signer),
                             cases[i].want);
            signer_file_close(&signer);
        }
    }
    scene_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aside),           cmocka_unit_test(test_answers),
        cmocka_unit_test(test_both_or_neither), cmocka_unit_test(test_moved_key),
        cmocka_unit_test(test_folder),          cmocka_unit_test(test_unreadable_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
