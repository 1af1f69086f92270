#include "client/cli/editor.h"
#include "client/cli/files.h"
#include "client/cli/note_text.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[64];
    struct cli cli;
    char *said;
    size_t said_size;
};

static int set_up(void **state)
{
    static struct place place;
    memset(&place, 0, sizeof place);
    (void)snprintf(place.folder, sizeof place.folder, "/tmp/alcove-text.XXXXXX");
    if (mkdtemp(place.folder) == NULL) {
        return -1;
    }
    place.cli.in = -1;
    place.cli.out = open_memstream(&place.said, &place.said_size);
    place.cli.err = place.cli.out;
    *state = &place;
    return place.cli.out == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    (void)fclose(place->cli.out);
    free(place->said);
    char path[FILES_PATH_BYTES_MAX];
    if (files_join(place->folder, "note", path) == STATUS_OK) {
        (void)unlink(path);
    }
    return rmdir(place->folder);
}

static int take(struct place *place, struct span content, struct note_text *out)
{
    char path[FILES_PATH_BYTES_MAX];
    assert_int_equal(files_join(place->folder, "note", path), STATUS_OK);
    (void)unlink(path);
    assert_int_equal(files_write_new(path, content), STATUS_OK);
    struct note_input input = {.file = path};
    return note_text_take(&place->cli, &input, out);
}

/* Goal: a note is text and not nothing. Method: empty, no UTF-8, text, and one over the limit. */
static void test_text_is_judged(void **state)
{
    struct place *place = *state;
    uint8_t *large = calloc(1, 262145);
    assert_non_null(large);
    memset(large, 'a', 262145);
    struct note_text text;
    assert_int_equal(take(place, span_of("", 0), &text), CLI_USAGE);
    note_text_end(&place->cli, &text, CLI_USAGE);
    assert_int_equal(take(place, span_of("\xff\xfe", 2), &text), CLI_USAGE);
    note_text_end(&place->cli, &text, CLI_USAGE);
    assert_int_equal(take(place, span_of("a\n", 2), &text), CLI_OK);
    assert_int_equal(text.size, 2);
    assert_false(text.typed);
    note_text_end(&place->cli, &text, CLI_OK);
    assert_null(text.bytes);
    assert_int_equal(take(place, span_of(large, 262144), &text), CLI_OK);
    note_text_end(&place->cli, &text, CLI_OK);
    assert_int_equal(take(place, span_of(large, 262145), &text), CLI_FAILED);
    note_text_end(&place->cli, &text, CLI_FAILED);
    free(large);
}

/* Goal: without a file and a terminal nothing is guessed. Method: no input; no
 * such file; a folder. */
static void test_no_text_is_said(void **state)
{
    struct place *place = *state;
    struct note_text text;
    struct note_input input = {.template = 2};
    assert_int_equal(note_text_take(&place->cli, &input, &text), CLI_USAGE);
    input.file = "/nowhere/at/all";
    assert_int_equal(note_text_take(&place->cli, &input, &text), CLI_NOT_FOUND);
    input.file = place->folder;
    assert_int_equal(note_text_take(&place->cli, &input, &text), CLI_FAILED);
    input.file = "-";
    assert_int_equal(note_text_take(&place->cli, &input, &text), CLI_FAILED);
}

/* Goal: files of ours are closed to others and never written over. Method: mode, and a second
 * write. */
static void test_files_are_private_and_new(void **state)
{
    struct place *place = *state;
    (void)umask(0);
    char path[FILES_PATH_BYTES_MAX];
    assert_int_equal(files_join(place->folder, "note", path), STATUS_OK);
    assert_int_equal(files_write_new(path, span_of("one", 3)), STATUS_OK);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(files_write_new(path, span_of("two", 3)), STATUS_ALREADY);
    assert_int_equal(found.st_size, 3);
}

/* Goal: the editor leaves nothing behind. Method: an editor that notes the file's name, mode and
 * storage and writes into it, with a copy in a folder below, on a pseudo
 * terminal; afterwards the file and its folder are gone. */
static void test_editor_leaves_nothing(void **state)
{
    struct place *place = *state;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    place->cli.in = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    assert_true(place->cli.in >= 0);
    char script[FILES_PATH_BYTES_MAX];
    assert_int_equal(files_join(place->folder, "note", script), STATUS_OK);
    char body[512];
    (void)snprintf(body, sizeof body,
                   "#!/bin/sh\nstat -c %%a \"$1\" >>\"$1\"\necho \"$1\" >>\"$1\"\n"
                   "mkdir -p \"${1%%/*}/sub/sub\"; cp \"$1\" \"${1%%/*}/sub/sub\"\n");
    assert_int_equal(files_write_new(script, span_of(body, strlen(body))), STATUS_OK);
    assert_int_equal(chmod(script, 0700), 0);
    (void)setenv("VISUAL", script, 1);
    char name[KEPT_NAME_BYTES];
    (void)snprintf(name, sizeof name, "%08x", (unsigned)getpid());
    struct kept kept;
    enum status status = kept_new(name, span_of("about", 5), span_of("begin\n", 6), &kept);
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool window = false;
    if (status == STATUS_OK) {
        status =
            editor_run(&place->cli, &kept, span_of("begin\n", 6), 4096, &bytes, &size, &window);
        kept_drop(&kept);
    }
    (void)unsetenv("VISUAL");
    (void)close(place->cli.in);
    (void)close(terminal);
    place->cli.in = -1;
    if (status == STATUS_USAGE) {
        skip(); /* no memory-backed storage on this machine */
    }
    assert_int_equal(status, STATUS_OK);
    assert_memory_equal(bytes, "begin\n600\n/", 11);
    char path[256] = "";
    assert_true(size - 10 < sizeof path);
    memcpy(path, bytes + 10, size - 11);
    path[size - 11] = '\0';
    assert_int_equal(access(path, F_OK), -1);
    *strrchr(path, '/') = '\0';
    assert_int_equal(access(path, F_OK), -1);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text_is_judged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_text_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_are_private_and_new, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_editor_leaves_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
