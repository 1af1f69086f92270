/* A backup is proved whole or refused, whoever spoiled it: a disk, somebody with the folder, or
 * somebody with the log key. */
#include "tests/unit/backup/backup_scene.h"

#include "server/backup/folder.h"
#include "server/backup/restore.h"
#include "server/store/ledger.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const FILES[] = {"alcoved.conf",    "data.mdb", "events.note", "server.pub",
                                    "statements.note", "tls.crt",  "manifest",    "manifest.sig"};

/* Goal: what was made holds, twice over; nothing is written beside it; and nothing is put over it. */
static void test_made_checks(void **state)
{
    struct scene *scene = *state;
    OK(scene_check(scene));
    OK(scene_check(scene));
    assert_int_equal(scene->manifest.heads[ORIGIN_STATEMENTS].size, scene->w.log_count);
    int fd = -1;
    OK(folder_open(scene->folder, &fd, &scene->trouble));
    OK(folder_holds_only(fd, FILES, ARRAY_LEN(FILES), &scene->trouble));
    (void)close(fd);
    struct folder_part part;
    assert_int_equal(folder_begin(scene->folder, &part, &scene->trouble), STATUS_ALREADY);
    OK(scene_check(scene));
}

/* Goal: no bit of any file can change. Method: one flip at a time, in small files at each byte. */
static void test_each_file_is_compared(void **state)
{
    struct scene *scene = *state;
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        size_t size = 0;
        uint8_t *bytes = scene_read(scene, FILES[i], &size);
        for (size_t at = 0; at < size; at += size < 2000 ? 1 : 4093) {
            bytes[at] ^= 1u;
            scene_write(scene, FILES[i], bytes, size);
            enum status status = scene_check(scene);
            /* Hexadecimal digits have one spelling here. */
            assert_int_not_equal(status, STATUS_OK);
            bytes[at] ^= 1u;
        }
        scene_write(scene, FILES[i], bytes, size - 1);
        assert_int_not_equal(scene_check(scene), STATUS_OK);
        bytes[size] = '\n';
        scene_write(scene, FILES[i], bytes, size + 1);
        assert_int_not_equal(scene_check(scene), STATUS_OK);
        scene_write(scene, FILES[i], bytes, size);
        OK(scene_check(scene));
        free(bytes);
    }
}

/* Goal: a file that is missing, a link, a pipe, a folder, and one too many are each refused. */
static void test_names_and_kinds(void **state)
{
    struct scene *scene = *state;
    char elsewhere[128];
    (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", scene->base);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        char path[192];
        (void)snprintf(path, sizeof path, "%s", scene_path(scene, FILES[i]));
        assert_int_equal(rename(path, elsewhere), 0);
        assert_int_equal(scene_check(scene), STATUS_NOT_FOUND);
        assert_int_equal(symlink(elsewhere, path), 0);
        assert_int_equal(scene_check(scene), STATUS_REFUSED);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(scene_check(scene), STATUS_REFUSED);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(scene_check(scene), STATUS_REFUSED);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(rename(elsewhere, path), 0);
    }
    scene_write(scene, "log.key", "x", 1);
    assert_int_equal(scene_check(scene), STATUS_MALFORMED);
    assert_int_equal(unlink(scene_path(scene, "log.key")), 0);
    OK(scene_check(scene));
}

/* Goal: heads that are newer than the copy are refused, though all of it is signed: the database was
 * copied first. */
static void test_heads_after_the_copy(void **state)
{
    struct scene *scene = *state;
    for (size_t log = 0; log < MANIFEST_LOGS; log++) {
        const struct manifest_head was = scene->manifest.heads[log];
        scene_head(scene, (enum origin_log)log, was.size + 1, &was.root);
        scene_sign(scene, scene->key);
        assert_int_equal(scene_check(scene), STATUS_REWOUND);
        assert_non_null(strstr(scene->trouble.text, "copied before the heads"));
        scene_head(scene, (enum origin_log)log, was.size, &was.root);
    }
    scene_sign(scene, scene->key);
    OK(scene_check(scene));
}

/* Goal: a head of another history is refused, and one that is older is not. */
static void test_heads_of_another_history(void **state)
{
    struct scene *scene = *state;
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    struct hash root;
    OK(ledger_root(txn, LEDGER_EVENTS, 1, &root));
    db_abort(txn);
    scene_head(scene, ORIGIN_EVENTS, 1, &root);
    scene_sign(scene, scene->key);
    OK(scene_check(scene));
    root.bytes[0] ^= 1u;
    scene_head(scene, ORIGIN_EVENTS, 1, &root);
    scene_sign(scene, scene->key);
    assert_int_equal(scene_check(scene), STATUS_CORRUPT);
    /* The note and the manifest must say the same. */
    scene->manifest.heads[ORIGIN_EVENTS].size = 2;
    scene_sign(scene, scene->key);
    assert_int_equal(scene_check(scene), STATUS_CORRUPT);
}

/* Goal: a whole backup that somebody made up with a key of their own, or under another practice's id, is
 * none of this practice. */
static void test_other_keys(void **state)
{
    struct scene *scene = *state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/other.key", scene->base);
    struct public_key public_key;
    OK(log_key_generate(path, &public_key));
    struct log_key *other = NULL;
    OK(log_key_open(path, &other));
    scene_sign(scene, other);
    assert_int_equal(scene_check(scene), STATUS_BAD_SIGNATURE);
    struct log_key *own = scene->key;
    scene->key = other;
    scene->manifest.log_key = public_key;
    for (size_t log = 0; log < MANIFEST_LOGS; log++) {
        const struct manifest_head was = scene->manifest.heads[log];
        scene_head(scene, (enum origin_log)log, was.size, &was.root);
    }
    scene_sign(scene, other);
    assert_int_equal(scene_check(scene), STATUS_WRONG_KEY);
    assert_non_null(strstr(scene->trouble.text, "never named"));
    log_key_close(other);
    scene->key = own;
    scene->manifest.log_key = scene->log_key;
    const struct practice_id right = scene->w.practice;
    scene->w.practice.bytes[7] ^= 1u;
    scene->manifest.practice = scene->w.practice;
    for (size_t log = 0; log < MANIFEST_LOGS; log++) {
        const struct manifest_head was = scene->manifest.heads[log];
        scene_head(scene, (enum origin_log)log, was.size, &was.root);
    }
    scene_sign(scene, scene->key);
    assert_int_equal(scene_check(scene), STATUS_WRONG_KEY);
    scene->w.practice = right;
    scene_backup(scene);
    const struct check_options options = {.practice = &right, .now_ms = scene->w.time_ms};
    struct check_report report;
    struct trouble trouble = {""};
    OK(check_backup(scene->folder, &options, &report, &trouble));
    struct practice_id wrong = right;
    wrong.bytes[0] ^= 1u;
    const struct check_options elsewhere = {.practice = &wrong, .now_ms = scene->w.time_ms};
    assert_int_equal(check_backup(scene->folder, &elsewhere, &report, &trouble), STATUS_WRONG_KEY);
}

/* Goal: what is signed is believed no further than it holds: a damaged database is refused. */
static void test_signed_damage(void **state)
{
    struct scene *scene = *state;
    size_t size = 0;
    uint8_t *bytes = scene_read(scene, "data.mdb", &size);
    size_t refused = 0;
    size_t tried = 0;
    for (size_t at = 8192 + 17; at < size; at += 2039) {
        bytes[at] ^= 4u;
        scene_write(scene, "data.mdb", bytes, size);
        scene_sign(scene, scene->key);
        refused += scene_check(scene) != STATUS_OK;
        tried++;
        bytes[at] ^= 4u;
    }
    /* The others fell into the unused middle of a page. */
    assert_true(tried > 10 && refused > 4);
    scene_write(scene, "data.mdb", bytes, 4096);
    scene_sign(scene, scene->key);
    assert_int_equal(scene_check(scene), STATUS_CORRUPT);
    free(bytes);
}

/* Goal: a part that a crash left is no backup and in nobody's way; one that is locked is. */
static void test_left_parts(void **state)
{
    struct scene *scene = *state;
    char target[128];
    (void)snprintf(target, sizeof target, "%s/next", scene->base);
    struct folder_part first;
    OK(folder_begin(target, &first, &scene->trouble));
    OK(folder_put(&first, "half", span_of("x", 1), &scene->trouble));
    struct folder_part second;
    assert_int_equal(folder_begin(target, &second, &scene->trouble), STATUS_BUSY);
    (void)close(first.fd); /* as if it had been killed */
    OK(folder_begin(target, &second, &scene->trouble));
    assert_int_equal(access(target, F_OK), -1);
    OK(folder_put(&second, "whole", span_of("y", 1), &scene->trouble));
    OK(folder_finish(&second, &scene->trouble));
    char path[192];
    (void)snprintf(path, sizeof path, "%s/half", target);
    assert_int_equal(access(path, F_OK), -1);
    (void)snprintf(path, sizeof path, "%s/whole", target);
    assert_int_equal(access(path, F_OK), 0);
    OK(folder_remove(target));
}

/* Goal: a backup is put in place whole or not at all, over nothing, and the heads that it brought are
 * remembered as they were signed. */
static void test_put_in_place(void **state)
{
    struct scene *scene = *state;
    char data[128];
    (void)snprintf(data, sizeof data, "%s/new", scene->base);
    const struct check_options options = {.now_ms = scene->w.time_ms};
    struct check_report report;
    struct trouble trouble = {""};
    OK(restore_backup(scene->folder, data, &options, &report, &trouble));
    assert_true(report.looked_inside);
    assert_int_equal(report.contents.sizes[ORIGIN_STATEMENTS], scene->w.log_count);
    assert_int_equal(restore_backup(scene->folder, data, &options, &report, &trouble),
                     STATUS_ALREADY);
    char path[192];
    (void)snprintf(path, sizeof path, "%s/" RESTORE_MARK, data);
    struct restore_heads heads;
    OK(restore_heads_read(path, &scene->w.practice, &scene->log_key, &heads));
    assert_int_equal(heads.sizes[ORIGIN_EVENTS], scene->manifest.heads[ORIGIN_EVENTS].size);
    restore_heads_free(&heads);
    struct practice_id other = scene->w.practice;
    other.bytes[1] ^= 1u;
    assert_int_equal(restore_heads_read(path, &other, &scene->log_key, &heads), STATUS_CORRUPT);
    FILE *mark = fopen(path, "ae");
    assert_int_equal(fputc('x', mark), 'x');
    assert_int_equal(fclose(mark), 0);
    assert_int_equal(restore_heads_read(path, &scene->w.practice, &scene->log_key, &heads),
                     STATUS_CORRUPT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(restore_heads_read(path, &scene->w.practice, &scene->log_key, &heads),
                     STATUS_NOT_FOUND);
    OK(folder_remove(data));
    /* What is damaged although it is signed is found before it has its name. */
    size_t size = 0;
    uint8_t *bytes = scene_read(scene, "data.mdb", &size);
    scene_write(scene, "data.mdb", bytes, 4096);
    free(bytes);
    scene_sign(scene, scene->key);
    assert_int_equal(restore_backup(scene->folder, data, &options, &report, &trouble),
                     STATUS_CORRUPT);
    assert_int_equal(access(data, F_OK), -1);
    (void)snprintf(path, sizeof path, "%s.part", data);
    assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_made_checks),
        SCENE_TEST(test_each_file_is_compared),
        SCENE_TEST(test_names_and_kinds),
        SCENE_TEST(test_heads_after_the_copy),
        SCENE_TEST(test_heads_of_another_history),
        SCENE_TEST(test_other_keys),
        SCENE_TEST(test_signed_damage),
        SCENE_TEST(test_left_parts),
        SCENE_TEST(test_put_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
