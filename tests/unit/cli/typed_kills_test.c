/*
 * Goal: no text is ever lost, and none becomes two notes, whenever a command is killed. Method: the
 * real path from the first saved keystroke to the server's acknowledgement (the editor's folder, the
 * sealed text, the outbox, submitting, the real server's core), ended at a random point: at any
 * change of a file, any commit of the cache, any message. What comes after has no effect, as after
 * kill -9. Then a new process takes up what is there: the text is there byte for byte; it is sent,
 * and may be killed again while doing so; at the end each is on the server exactly once.
 *
 * ALCOVE_TYPED_KILLS   how many (20000)
 * ALCOVE_SEED          of the choices (printed)
 */
#include "client/cli/command.h"
#include "client/cli/editor.h"
#include "client/cli/forward.h"
#include "client/cli/kept_adopt.h"
#include "client/cli/kept_key.h"
#include "client/cli/kept_text.h"
#include "client/cli/note_written.h"
#include "client/cli/table.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/random.h"
#include "tests/support/test.h"
#include "tests/unit/cli/typed_kills.h"
#include "tests/unit/engine/scene.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH    40u
#define TEXT_MAX 700u
#define POINTS   48u /* about as many as such a command has */
#ifdef __SANITIZE_ADDRESS__
#define KILLS 2000u /* here it is memory that is looked at */
#else
#define KILLS 20000u
#endif
#define NAMES_MAX  64u
#define HEAD_BYTES 9u /* by which texts differ */

/* Of one attempt to write a text. */
struct attempt {
    char text[TEXT_MAX]; /* as the person saved it last; empty: nothing was saved */
    size_t size;
    bool edited; /* in the editor, else through a pipe */
    bool begun;  /* the editor was opened */
    bool acknowledged;
    uint64_t killed[3]; /* at which point; the first writing it, then sending what was kept */
};

struct trial {
    struct scene scene;
    struct host host;
    char profile[64];
    char section[HEX_CHARS(ID_BYTES) + 1];
    FILE *quiet;
    struct attempt attempts[BATCH];
    struct attempt *now;
    bool writing;
};

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static struct trial *current;

/* The person types and saves now and then. Killed in between, they have what was saved last. */
static enum status type_in(const struct kept *kept)
{
    struct attempt *attempt = current->now;
    char all[TEXT_MAX];
    memcpy(all, attempt->text, attempt->size);
    size_t whole = attempt->size;
    attempt->size = 0;
    attempt->begun = true;
    for (size_t saved = HEAD_BYTES + draw(whole); attempt->size < whole; saved += 1 + draw(whole)) {
        size_t size = saved < whole ? saved : whole;
        if (typed_kills_point()) {
            return STATUS_IO;
        }
        int fd = open(kept->path, O_WRONLY | O_TRUNC | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, all, size), (ssize_t)size);
        (void)close(fd);
        attempt->size = size;
        if (typed_kills_point()) {
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

enum status __wrap_editor_run(struct cli *cli, const struct kept *kept, struct span begin,
                              size_t max, uint8_t **out_text, size_t *out_size, bool *out_window);
enum status __wrap_editor_run(struct cli *cli, const struct kept *kept, struct span begin,
                              size_t max, uint8_t **out_text, size_t *out_size, bool *out_window)
{
    (void)cli;
    (void)begin;
    *out_window = false;
    enum status status = type_in(kept);
    enum status read = files_read(kept->path, -1, max, out_text, out_size);
    return status == STATUS_OK ? read : status;
}

bool __wrap_editor_can_run(const struct cli *cli);
bool __wrap_editor_can_run(const struct cli *cli)
{
    (void)cli;
    return true;
}

/* Asking for the passphrase, during which a person thinks, and opening the profile. */
enum status __wrap_host_probe(const char *profile);
enum status __wrap_host_probe(const char *profile)
{
    (void)profile;
    return typed_kills_point() ? STATUS_IO : STATUS_OK;
}

enum status __wrap_secrets_get(int fd, const char *prompt, struct secret **out_secret);
enum status __wrap_secrets_get(int fd, const char *prompt, struct secret **out_secret)
{
    (void)fd;
    (void)prompt;
    /* What came through a pipe is sealed before anything is asked. */
    bool piped = current->writing && !current->now->edited && !typed_kills_dead();
    assert_true(!piped || typed_kills_sealed() != UINT64_MAX);
    return typed_kills_point() ? STATUS_IO : secret_from_bytes(span_of("secret", 6), out_secret);
}

enum status __wrap_host_open(const char *profile, struct span passphrase, struct host **out_host);
enum status __wrap_host_open(const char *profile, struct span passphrase, struct host **out_host)
{
    (void)profile;
    (void)passphrase;
    *out_host = &current->host;
    return typed_kills_point() ? STATUS_IO : STATUS_OK;
}

/* ---- one batch: a practice of its own, since each note makes the next sync longer */

static void open_batch(struct trial *trial)
{
    memset(trial, 0, sizeof *trial);
    current = trial;
    typed_kills_end();
    scene_open(&trial->scene);
    trial->host.person = &trial->scene.therapist;
    (void)snprintf(trial->profile, sizeof trial->profile, "/dev/shm/alcove-kills.XXXXXX");
    assert_non_null(mkdtemp(trial->profile));
    assert_int_equal(setenv("XDG_RUNTIME_DIR", trial->profile, 1), 0);
    (void)kept_key_settle(trial->profile, &trial->scene.therapist.content);
    struct section_id section = scene_section(&trial->scene.therapist, CLASS_SHARED);
    hex_encode(ID_SPAN(&section), trial->section);
    trial->quiet = fopen("/dev/null", "we");
    assert_non_null(trial->quiet);
    typed_kills_server(&trial->scene.server);
}

static void close_batch(struct trial *trial)
{
    scene_close(&trial->scene);
    (void)fclose(trial->quiet);
    pid_t child = fork();
    if (child == 0) {
        (void)execlp("rm", "rm", "-rf", trial->profile, (char *)NULL);
        _exit(1);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
}

static struct cli new_cli(const struct trial *trial, const char *name, const char *sub)
{
    return (struct cli){.commands = table_commands,
                        .command = command_find(table_commands, name, sub),
                        .profile = trial->profile,
                        .passphrase_fd = -1,
                        .json = true,
                        .in = -1,
                        .out = trial->quiet,
                        .err = trial->quiet};
}

static int pipe_of(const struct attempt *attempt)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], attempt->text, attempt->size), (ssize_t)attempt->size);
    (void)close(ends[1]);
    return ends[0];
}

/* `alcove write SECTION --class shared`, as main_loop runs it. */
static void write_text(struct trial *trial, struct attempt *attempt)
{
    struct cli cli = new_cli(trial, "write", NULL);
    struct note_input input = {.chart = trial->section,
                               .class = CLASS_SHARED,
                               .yes = true,
                               .draft = draw(2) == 0,
                               .file = attempt->edited ? NULL : "-"};
    cli.in = attempt->edited ? -1 : pipe_of(attempt);
    int in = cli.in;
    trial->writing = true;
    int code = CLI_OK;
    assert_true(forward_run(&cli, &input, &code));
    trial->writing = false;
    attempt->acknowledged = code == CLI_OK && !typed_kills_dead();
    if (in >= 0) {
        (void)close(in);
    }
}

/* What a process that was killed leaves: its memory is gone, its files and the server are not. */
static void restart(struct trial *trial)
{
    typed_kills_end();
    memory_storage_fail_after(trial->scene.therapist.storage, SIZE_MAX);
    inproc_restart(&trial->scene.therapist);
    struct cli cli = new_cli(trial, "status", NULL);
    kept_adopt(&cli);
}

struct names {
    char names[NAMES_MAX][KEPT_NAME_BYTES];
    size_t count;
};

static bool add_name(void *visitor, const char *name)
{
    struct names *names = visitor;
    assert_true(names->count < NAMES_MAX);
    (void)snprintf(names->names[names->count++], KEPT_NAME_BYTES, "%s", name);
    return true;
}

struct search {
    const struct attempt *attempt;
    size_t found;
};

static bool find_text(void *visitor, const struct view_revision *revision)
{
    struct search *search = visitor;
    search->found +=
        revision->body != NULL && span_equal(field_span(revision->body->text),
                                             span_of(search->attempt->text, search->attempt->size))
            ? 1
            : 0;
    return true;
}

static size_t count_notes(struct trial *trial, const struct attempt *attempt)
{
    struct search search = {.attempt = attempt};
    struct section_id section;
    assert_int_equal(
        hex_decode(span_of(trial->section, strlen(trial->section)), section.bytes, ID_BYTES),
        STATUS_OK);
    OK(view_revisions(trial->scene.therapist.engine, &section, NULL, find_text, &search));
    return search.found;
}

/* Byte for byte under a name, or a note. */
static void must_be_there(struct trial *trial, const struct attempt *attempt)
{
    struct cli cli = new_cli(trial, "status", NULL);
    cli.host = &trial->host;
    struct names names = {.count = 0};
    kept_text_all(trial->profile, add_name, &names);
    bool there = false;
    for (size_t i = 0; i < names.count; i++) {
        struct kept_text text;
        OK(kept_text_open(&cli, names.names[i], &text));
        there |= span_equal(text.text, span_of(attempt->text, attempt->size));
        kept_text_deinit(&text);
    }
    if (!there && count_notes(trial, attempt) == 0) {
        inproc_sync(&trial->scene.therapist); /* sent, and not fetched yet */
    }
    /* Twice for a moment: it is on the server, and its answer, which never came, is asked for. */
    if (!there && count_notes(trial, attempt) == 0) {
        print_message("lost: %.20s, %s, %zu names, %zu notes, %llu points\n", attempt->text,
                      attempt->edited ? "edited" : "piped", names.count,
                      count_notes(trial, attempt), (unsigned long long)typed_kills_passed());
        fail();
    }
}

static void send_all(struct trial *trial)
{
    struct names names = {.count = 0};
    kept_text_all(trial->profile, add_name, &names);
    for (size_t i = 0; i < names.count && !typed_kills_dead(); i++) {
        struct cli cli = new_cli(trial, "kept", "send");
        void *values = option_values_new(cli.command->options);
        char wrong[OPTION_WRONG_BYTES];
        assert_true(option_take(option_find(cli.command->options, "NAME", 4), values,
                                names.names[i], wrong));
        assert_true(option_take(option_find(cli.command->options, "--yes", 5), values, "", wrong));
        (void)!cli.command->run(&cli, values);
        free(values);
    }
}

/* A command that only opens the profile and syncs: `alcove sync`. */
static void sync_only(struct trial *trial)
{
    struct cli cli = new_cli(trial, "sync", NULL);
    if (cli_open(&cli) == CLI_OK && !typed_kills_dead()) {
        (void)!inproc_run(&trial->scene.therapist);
    }
}

static void try_one(struct trial *trial, size_t index)
{
    struct attempt *attempt = &trial->attempts[index];
    memset(attempt, 0, sizeof *attempt);
    trial->now = attempt;
    attempt->edited = draw(2) == 0;
    attempt->size = (size_t)snprintf(attempt->text, sizeof attempt->text, "text %02zu: ", index);
    for (size_t more = draw(600); more > 0; more--) {
        attempt->text[attempt->size++] = (char)('a' + (char)draw(26));
    }
    attempt->killed[0] = 1 + draw(POINTS);
    typed_kills_begin(attempt->killed[0]);
    write_text(trial, attempt);
    /* Before its first byte was sealed a pipe's text was in nobody's hands but the kernel's. */
    bool taken = attempt->edited ? attempt->begun && attempt->size > 0
                                 : typed_kills_passed() > typed_kills_sealed();
    bool acknowledged = attempt->acknowledged;
    restart(trial);
    if (taken || acknowledged) {
        must_be_there(trial, attempt);
    } else {
        attempt->size = 0;
    }
    for (size_t again = draw(3); again > 0; again--) {
        attempt->killed[again] = 1 + draw(POINTS);
        typed_kills_begin(attempt->killed[again]);
        if (draw(2) == 0) {
            send_all(trial);
        } else {
            sync_only(trial);
        }
        restart(trial);
        if (attempt->size > 0) {
            must_be_there(trial, attempt);
        }
    }
    send_all(trial);
}

static void must_be_once(struct trial *trial)
{
    inproc_sync(&trial->scene.therapist);
    assert_int_equal(kept_text_count(trial->profile), 0);
    for (size_t i = 0; i < BATCH; i++) {
        if (trial->attempts[i].size > 0) {
            size_t found = count_notes(trial, &trial->attempts[i]);
            if (found != 1) {
                fail_msg("%.9s (%s) is %zu notes, after kills at points %llu, %llu, %llu",
                         trial->attempts[i].text, trial->attempts[i].edited ? "edited" : "piped",
                         found, (unsigned long long)trial->attempts[i].killed[0],
                         (unsigned long long)trial->attempts[i].killed[1],
                         (unsigned long long)trial->attempts[i].killed[2]);
            }
        }
    }
}

static void test_no_text_is_lost_or_doubled(void **state)
{
    (void)state;
    static struct trial trial;
    const char *wanted = getenv("ALCOVE_TYPED_KILLS");
    const char *given = getenv("ALCOVE_SEED");
    size_t count = wanted == NULL ? KILLS : strtoul(wanted, NULL, 10);
    random_bytes(&seed, sizeof seed);
    seed = given == NULL ? seed | 1u : strtoull(given, NULL, 10);
    print_message("seed %llu\n", (unsigned long long)seed);
    if (access("/dev/shm", W_OK) != 0) {
        skip();
    }
    while (typed_kills_count() < count) {
        open_batch(&trial);
        for (size_t i = 0; i < BATCH; i++) {
            try_one(&trial, i);
        }
        must_be_once(&trial);
        close_batch(&trial);
    }
    typed_kills_tell();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_text_is_lost_or_doubled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
