/* What the log says of a page that is damaged: where, for whom, once. */
#include "server/door/internal.h"
#include "tests/support/test.h"
#include "tests/unit/core/core_scene.h"

#include <stdio.h>
#include <unistd.h>

/* Goal: a client that asks for a damaged page again and again is one line, which names section,
 * entry and member; another entry is another line. Method: three reports of one place, one of the
 * next, with standard error in a file. */
static void test_page_failed(void **state)
{
    struct scene *scene = *state;
    struct core_peer peer;
    memset(&peer, 0, sizeof peer);
    memset(peer.member.bytes, 0xab, sizeof peer.member.bytes);
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    FILE *file = tmpfile();
    assert_non_null(file);
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    struct section_walk walk;
    section_walk_init(&walk, 1, 7);
    for (int i = 0; i < 3; i++) {
        door_page_failed(txn, &peer, &walk, STATUS_CORRUPT);
    }
    walk.next = 8;
    door_page_failed(txn, NULL, &walk, STATUS_CORRUPT);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    assert_int_equal(close(before), 0);
    db_abort(txn);
    rewind(file);
    char said[4096];
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    const char *first = strstr(said, "entry 7,");
    assert_non_null(first);
    assert_null(strstr(first + 1, "entry 7,"));
    assert_non_null(strstr(said, "member abababababababababababababababab"));
    const char *second = strstr(said, "entry 8,");
    assert_non_null(second);
    assert_non_null(strstr(second, "member nobody"));
    assert_non_null(strstr(said, "CORRUPT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {SCENE_TEST(test_page_failed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
