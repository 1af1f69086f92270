/* Texts that are kept until they are a note: sealed in the profile, or on a full disk in memory. */
#include "client/cli/command.h"
#include "client/cli/kept_adopt.h"
#include "client/cli/kept_key.h"
#include "client/cli/note_text.h"
#include "client/cli/table.h"
#include "keys/private/private_file.h"
#include "keys/private/typed_seal.h"
#include "keys/public/bytes/disk.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT "what was typed, every byte of it: \xc3\xa9\t\n\nend"

struct place {
    char profile[64];
    struct keystore_content content;
    struct cli cli;
    struct note_input input;
    char *said;
    size_t said_size;
};

static bool disk_is_full;

enum status __real_disk_replace(int folder_fd, const char *temp, const char *name,
                                struct span bytes);
enum status __wrap_disk_replace(int folder_fd, const char *temp, const char *name,
                                struct span bytes);
enum status __wrap_disk_replace(int folder_fd, const char *temp, const char *name,
                                struct span bytes)
{
    return disk_is_full ? STATUS_IO : __real_disk_replace(folder_fd, temp, name, bytes);
}

static int set_up(void **state)
{
    static struct place place;
    memset(&place, 0, sizeof place);
    disk_is_full = false;
    (void)snprintf(place.profile, sizeof place.profile, "%s/alcove-profile.XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    /* What lies in memory is this test's alone. */
    if (mkdtemp(place.profile) == NULL || setenv("XDG_RUNTIME_DIR", place.profile, 1) != 0 ||
        keystore_content_init(&place.content) != STATUS_OK) {
        return -1;
    }
    (void)kept_key_settle(place.profile, &place.content);
    place.cli.commands = table_commands;
    place.cli.command = command_find(table_commands, "write", NULL);
    place.cli.profile = place.profile;
    place.cli.in = -1;
    place.cli.out = open_memstream(&place.said, &place.said_size);
    place.cli.err = place.cli.out;
    place.input = (struct note_input){
        .chart = "C1", .class = 1, .title = "a title", .file = "-", .draft = true};
    *state = &place;
    return place.cli.out == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    keystore_content_deinit(&place->content);
    (void)fclose(place->cli.out);
    free(place->said);
    pid_t child = fork();
    char command[128];
    if (child == 0) {
        (void)snprintf(command, sizeof command, "%s", place->profile);
        (void)execlp("rm", "rm", "-rf", command, (char *)NULL);
        _exit(1);
    }
    int code = 0;
    return waitpid(child, &code, 0) == child && code == 0 ? 0 : -1;
}

/* A pipe that gives |text|. */
static void pipe_in(struct place *place, struct span text)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text.data, text.size), (ssize_t)text.size);
    (void)close(ends[1]);
    place->cli.in = ends[0];
}

static bool find_name(void *visitor, const char *name)
{
    (void)snprintf(visitor, KEPT_NAME_BYTES, "%s", name);
    return false;
}

static bool is_kept(struct place *place)
{
    char name[KEPT_NAME_BYTES] = "";
    kept_text_all(place->profile, find_name, name);
    return name[0] != '\0';
}

/* What the profile keeps under |name|, opened as its owner would. */
static void open_sealed(struct place *place, const char *name, struct kept_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    char folder[FILES_PATH_BYTES_MAX];
    assert_int_equal(files_join(place->profile, KEPT_FOLDER, folder), STATUS_OK);
    uint8_t *sealed = NULL;
    size_t size = 0;
    assert_int_equal(private_file_read(folder, name, 1u << 20, &sealed, &size), STATUS_OK);
    assert_null(memmem(sealed, size, "what was typed", 14));
    assert_null(memmem(sealed, size, "a title", 7));
    assert_int_equal((size - TYPED_SEAL_OVERHEAD_BYTES) % 4096, 0);
    out_text->size = size - TYPED_SEAL_OVERHEAD_BYTES;
    out_text->bytes = malloc(out_text->size);
    assert_non_null(out_text->bytes);
    assert_int_equal(typed_seal_open(place->content.cache_master, &place->content.practice,
                                     span_of(name, strlen(name)), span_of(sealed, size),
                                     out_text->bytes),
                     STATUS_OK);
    free(sealed);
    assert_int_equal(kept_record_read(table_commands, out_text), STATUS_OK);
}

static void count_clear(size_t *out_count, const char *name)
{
    const char *memory = getenv("XDG_RUNTIME_DIR");
    char path[FILES_PATH_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/alcove-kept-%s/note.txt",
                   memory == NULL ? "/dev/shm" : memory, name);
    *out_count = access(path, F_OK) == 0 ? 1 : 0;
}

/* Goal: a piped text is sealed before anything else is done with it, with all that makes it a note
 * again, and goes when it is one. Method: with no agent and no passphrase, from a pipe; what lies in
 * the profile is opened with the keystore's key; then what becomes of it in a failure and at last. */
static void test_piped_text_is_sealed_at_once(void **state)
{
    struct place *place = *state;
    pipe_in(place, span_of(TEXT, sizeof TEXT - 1));
    struct note_text text;
    assert_int_equal(note_text_take(&place->cli, &place->input, &text), CLI_OK);
    (void)close(place->cli.in);
    assert_true(text.outcome.sealed);
    assert_true(place->input.typed_ms > 0);
    char name[KEPT_NAME_BYTES];
    memcpy(name, text.name, sizeof name);
    size_t clear = 1;
    count_clear(&clear, name);
    assert_int_equal(clear, 0);
    struct kept_text kept;
    open_sealed(place, name, &kept);
    assert_true(span_equal(kept.text, span_of(TEXT, sizeof TEXT - 1)));
    assert_ptr_equal(kept.command, place->cli.command);
    assert_string_equal(kept.input.chart, "C1");
    assert_string_equal(kept.input.title, "a title");
    assert_int_equal(kept.input.class, 1);
    assert_true(kept.input.draft);
    assert_string_equal(kept.becomes, place->input.becomes);
    assert_string_equal(kept.input.becomes, place->input.becomes);
    assert_true(kept.typed_ms == place->input.typed_ms);
    assert_null(kept.input.file);
    kept_text_deinit(&kept);
    note_text_end(&place->cli, &text, CLI_LOCKED);
    (void)fflush(place->cli.out);
    assert_non_null(strstr(place->said, name));
    assert_true(is_kept(place));
    assert_int_equal(kept_text_drop(place->profile, name), STATUS_OK);
    assert_false(is_kept(place));
    place->input.typed_ms = 0;
    pipe_in(place, span_of(TEXT, sizeof TEXT - 1));
    assert_int_equal(note_text_take(&place->cli, &place->input, &text), CLI_OK);
    (void)close(place->cli.in);
    assert_true(is_kept(place));
    note_text_end(&place->cli, &text, CLI_OK);
    assert_false(is_kept(place));
}

/* Goal: neither a text that is too long for a note nor one that is no text is lost, and nothing is
 * kept of a blank one. Method: each from a pipe, through a file since a pipe holds less. */
static void test_no_note_is_kept_too(void **state)
{
    struct place *place = *state;
    size_t size = 262145;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, 'a', size);
    const struct {
        struct span text;
        int code;
        bool kept;
    } cases[] = {{span_of(large, size), CLI_FAILED, true},
                 {span_of("\xff\xfe", 2), CLI_USAGE, true},
                 {span_of(" \n\xc2\xa0", 4), CLI_USAGE, false}};
    struct note_text text;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[FILES_PATH_BYTES_MAX];
        assert_int_equal(files_join(place->profile, "in", path), STATUS_OK);
        assert_int_equal(files_write_new(path, cases[i].text), STATUS_OK);
        place->cli.in = open(path, O_RDONLY | O_CLOEXEC);
        place->input.typed_ms = 0;
        assert_int_equal(note_text_take(&place->cli, &place->input, &text), cases[i].code);
        (void)close(place->cli.in);
        (void)unlink(path);
        char name[KEPT_NAME_BYTES];
        memcpy(name, text.name, sizeof name);
        note_text_end(&place->cli, &text, cases[i].code);
        assert_int_equal(is_kept(place), cases[i].kept);
        if (cases[i].kept) {
            struct kept_text kept;
            open_sealed(place, name, &kept);
            assert_true(span_equal(kept.text, cases[i].text));
            kept_text_deinit(&kept);
            assert_int_equal(kept_text_drop(place->profile, name), STATUS_OK);
        }
    }
    free(large);
}

/* Goal: a full disk loses no text: it is sealed in memory, which is said, and goes into the profile
 * when there is room. Method: a disk that takes nothing, then one that does. */
static void test_full_disk_keeps_in_memory(void **state)
{
    struct place *place = *state;
    disk_is_full = true;
    pipe_in(place, span_of(TEXT, sizeof TEXT - 1));
    struct note_text text;
    assert_int_equal(note_text_take(&place->cli, &place->input, &text), CLI_OK);
    (void)close(place->cli.in);
    if (!text.outcome.sealed) {
        note_text_end(&place->cli, &text, CLI_OK);
        skip(); /* no memory-backed storage on this machine */
    }
    assert_int_not_equal(text.outcome.disk, STATUS_OK);
    char name[KEPT_NAME_BYTES];
    memcpy(name, text.name, sizeof name);
    size_t clear = 1;
    count_clear(&clear, name);
    assert_int_equal(clear, 0);
    note_text_end(&place->cli, &text, CLI_FAILED);
    (void)fflush(place->cli.out);
    assert_non_null(strstr(place->said, "in memory, sealed"));
    assert_int_equal(kept_text_count(place->profile), 1);
    kept_adopt(&place->cli); /* the disk is still full */
    assert_int_equal(kept_text_count(place->profile), 1);
    disk_is_full = false;
    kept_adopt(&place->cli);
    struct kept_text kept;
    open_sealed(place, name, &kept);
    assert_true(span_equal(kept.text, span_of(TEXT, sizeof TEXT - 1)));
    assert_string_equal(kept.input.title, "a title");
    kept_text_deinit(&kept);
    assert_int_equal(kept_text_count(place->profile), 1);
    assert_int_equal(kept_text_drop(place->profile, name), STATUS_OK);
    assert_int_equal(kept_text_count(place->profile), 0);
}

/* Goal: what a killed command left in the editor's folder is sealed by the next one, unless nothing
 * was typed, another works on it, or it is another profile's. Method: such folders. */
static void test_left_text_is_adopted(void **state)
{
    struct place *place = *state;
    const struct kept_words words = {place->cli.command, &place->input};
    static const char *const names[] = {"00000001", "00000002", "00000003", "00000004"};
    struct kept left[ARRAY_LEN(names)];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *whose = i == 2 ? "/" : place->profile;
        uint8_t *about = NULL;
        size_t size = 0;
        assert_int_equal(kept_record_about(whose, &words, span_of("begin", 5), &about, &size),
                         STATUS_OK);
        const char *now = i == 1 ? "begin" : TEXT;
        enum status status =
            kept_new(names[i], span_of(about, size), span_of(now, strlen(now)), &left[i]);
        free(about);
        if (status == STATUS_USAGE) {
            skip(); /* no memory-backed storage on this machine */
        }
        assert_int_equal(status, STATUS_OK);
        if (i != 3) {
            (void)close(left[i].lock);
        }
    }
    kept_adopt(&place->cli);
    struct kept_text kept;
    open_sealed(place, names[0], &kept);
    assert_true(span_equal(kept.text, span_of(TEXT, sizeof TEXT - 1)));
    assert_string_equal(kept.input.chart, "C1");
    kept_text_deinit(&kept);
    assert_int_equal(kept_text_count(place->profile), 1);
    assert_int_equal(access(left[0].folder, F_OK), -1);
    assert_int_equal(access(left[1].folder, F_OK), -1);
    assert_int_equal(access(left[2].path, F_OK), 0);
    assert_int_equal(access(left[3].path, F_OK), 0);
    left[2].lock = open(left[2].folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    kept_drop(&left[2]);
    kept_drop(&left[3]);
}

/* Goal: a swapped key is found when the profile is opened, and put right. Method: settle twice, with
 * another's key between. */
static void test_swapped_key_is_found(void **state)
{
    struct place *place = *state;
    struct public_key right;
    assert_int_equal(kept_key_get(&place->cli, &right), STATUS_OK);
    assert_false(kept_key_settle(place->profile, &place->content));
    char folder[FILES_PATH_BYTES_MAX];
    assert_int_equal(files_join(place->profile, KEPT_FOLDER, folder), STATUS_OK);
    static const uint8_t other[32] = {9};
    assert_int_equal(private_file_write(folder, KEPT_KEY, span_of(other, 32)), STATUS_OK);
    assert_true(kept_key_settle(place->profile, &place->content));
    struct public_key found;
    assert_int_equal(kept_key_get(&place->cli, &found), STATUS_OK);
    assert_true(ID_EQUAL(&right, &found));
    assert_false(kept_key_settle(place->profile, &place->content));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_piped_text_is_sealed_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_note_is_kept_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk_keeps_in_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_left_text_is_adopted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_swapped_key_is_found, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
