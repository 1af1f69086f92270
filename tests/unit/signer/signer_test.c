/* The log signer as a judge, and its folder. */

#include <sys/stat.h>
#include <unistd.h>

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
    struct signer_state signer;
    signer_state_init(&signer, &s.fixture.practice);
    scene_request_from(&s, 0, 7, &request);
    signer_state_answer(&signer, key, &request, &first);
    assert_int_equal(first.answer, SIGNER_SIGNED);
    assert_true(signer.dirty);
    scene_check_note(&s, ORIGIN_EVENTS, first.logs[1].note, first.logs[1].note_size, 7);
    scene_check_note(&s, ORIGIN_STATEMENTS, first.logs[0].note, first.logs[0].note_size, 0);
    signer_state_answer(&signer, key, &request, &reply);
    assert_memory_equal(&reply, &first, sizeof reply);
    scene_request_from(&s, 7, 20, &request);
    request.logs[1].proof.hashes[0].bytes[5] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    assert_int_equal(reply.logs[1].note_size, 0);
    scene_request_from(&s, 6, 20, &request);
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_OTHER_SIZE);
    assert_int_equal(reply.logs[1].size, 7);
    scene_request_from(&s, 7, 20, &request);
    request.practice.bytes[0] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_BAD_REQUEST);
    scene_request_from(&s, 7, 20, &request);
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_SIGNED);
    request.logs[1].root.bytes[0] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    scene_request_from(&s, 20, 19, &request);
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_REWOUND);
    assert_int_equal(reply.logs[1].size, 20);
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
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    assert_int_equal(signer.sizes[ORIGIN_EVENTS], 0);
    assert_false(signer.dirty);
    scene_request_from(&s, 0, 5, &request);
    request.logs[ORIGIN_EVENTS].new_size = UINT64_MAX;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_not_equal(reply.answer, SIGNER_SIGNED);
    assert_int_equal(signer.sizes[ORIGIN_EVENTS], 0);
    log_key_close(key);
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
    struct signer_state signer;
    int fd = -1;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &fd, &signer), STATUS_OK);
    int second = -1;
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &second, &signer),
                     STATUS_BUSY);
    signer.sizes[1] = 5;
    assert_int_equal(signer_file_save(fd, &signer), STATUS_OK);
    (void)close(fd);
    struct practice_id other = {{1}};
    assert_int_equal(signer_file_open(s.folder, &other, &fd, &signer), STATUS_CONFLICT);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &fd, &signer), STATUS_OK);
    assert_int_equal(signer.sizes[1], 5);
    (void)close(fd);
    scene_remove_in(s.folder, SIGNER_FILE_STATE);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &fd, &signer),
                     STATUS_NOT_FOUND);
    scene_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_both_or_neither),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
