#include "tests/support/live_server.h"

#include "client/engine/join/found.h"
#include "keys/private/invitation.h"
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/test.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_CHARS_MAX 512u
#define FILE_BYTES_MAX 65536u
#define START_WAIT_MS  30000
#define DAY_MS         86400000u

/* Beside this program's own folder, or where ALCOVE_BIN says. */
static void program_path(const char *name, char out[PATH_CHARS_MAX])
{
    const char *given = getenv("ALCOVE_BIN");
    char self[PATH_CHARS_MAX] = "";
    if (given == NULL) {
        ssize_t size = readlink("/proc/self/exe", self, sizeof self - 16u);
        assert_true(size > 0);
        char *slash = strrchr(self, '/');
        assert_non_null(slash);
        (void)strcpy(slash, "/../bin");
        given = self;
    }
    assert_true(snprintf(out, PATH_CHARS_MAX, "%s/%s", given, name) < (int)PATH_CHARS_MAX);
    assert_int_equal(access(out, X_OK), 0);
}

static void path_in(const struct live *live, const char *name, char out[PATH_CHARS_MAX])
{
    (void)snprintf(out, PATH_CHARS_MAX, "%s/%s", live->folder, name);
}

/* Starts alcoved; |out_output| NULL: its words are not wanted. */
static pid_t spawn(const struct live *live, const char *const arguments[], int *out_output)
{
    char program[PATH_CHARS_MAX];
    program_path("alcoved", program);
    char clock[PATH_CHARS_MAX];
    path_in(live, "clock", clock);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const char *argv[8] = {program};
        for (size_t i = 0; i < 6 && arguments[i] != NULL; i++) {
            argv[i + 1u] = arguments[i];
        }
        /* Nothing is left running when the test dies. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)setenv("ALCOVE_CLOCK_OFFSET_FILE", clock, 1);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    (void)close(ends[1]);
    if (out_output != NULL) {
        *out_output = ends[0];
    } else {
        (void)close(ends[0]);
    }
    return pid;
}

static void must_end_well(pid_t pid)
{
    int how = 0;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

/* Its words go to a pipe that must be read, or it might wait for us. */
static void run_to_end(const struct live *live, const char *const arguments[])
{
    int output = -1;
    pid_t pid = spawn(live, arguments, &output);
    char words[256];
    while (read(output, words, sizeof words) > 0) {
    }
    (void)close(output);
    must_end_well(pid);
}

static void write_file(const char *path, struct span bytes)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, out), bytes.size);
    const int closed = fclose(out);
    assert_int_equal(closed, 0);
}

static void read_keys(const struct live *live, struct found_keys *out_keys)
{
    static uint8_t bytes[FILE_BYTES_MAX];
    char path[PATH_CHARS_MAX];
    path_in(live, "data/server.pub", path);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__server_public__descriptor, span_of(bytes, size), &arena, &message));
    const Alcove__ServerPublic *keys = (const Alcove__ServerPublic *)(const void *)message;
    memset(out_keys, 0, sizeof *out_keys);
    assert_true(field_key(keys->login_key, &out_keys->login_key));
    assert_true(field_key(keys->log_key, &out_keys->log_key));
    assert_true(field_hash(keys->tls_pin, &out_keys->tls_pin));
    arena_free(&arena);
}

/* The founder's file: what the first `init` is answered with. */
static void write_genesis(struct live *live, const char *path)
{
    struct found_keys keys;
    read_keys(live, &keys);
    live->tls_pin = keys.tls_pin;
    OK(identity_signer_new(IDENTITY_ROOT, &live->root));
    struct found_bytes made[5] = {{NULL, 0}};
    OK(found_genesis(live->root, live_now_ms(live), &made[0], &live->practice));
    struct span chain[4];
    chain[0] = span_of(made[0].data, made[0].size);
    OK(found_server_keys(live->root, &live->practice, chain[0], &keys, &made[1]));
    chain[1] = span_of(made[1].data, made[1].size);
    OK(found_witness_policy(live->root, &live->practice, chain[1], span_of("quorum none\n", 12),
                            &made[2]));
    chain[2] = span_of(made[2].data, made[2].size);
    struct found_invite invite = {.practice_chain = chain,
                                  .practice_count = 3,
                                  .role = ROLE_ADMIN,
                                  .address = span_of("127.0.0.1:1", 11),
                                  .practice_name = span_of("Lindenhof", 9),
                                  .name = span_of("Ada", 3),
                                  .expires_ms = live_now_ms(live) + DAY_MS};
    OK(found_invitation(live->root, &live->practice, &invite, &made[3], &made[4],
                        live->admin_code));
    Alcove__Founding founding = ALCOVE__FOUNDING__INIT;
    ProtobufCBinaryData bundle = field_of(made[4].data, made[4].size);
    ProtobufCBinaryData statements[4];
    for (size_t i = 0; i < 4; i++) {
        statements[i] = field_of(made[i].data, made[i].size);
    }
    founding.n_statement = 4;
    founding.statement = statements;
    founding.n_bundle = 1;
    founding.bundle = &bundle;
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(&founding.base, &bytes, &size));
    write_file(path, span_of(bytes, size));
    free(bytes);
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        found_free(&made[i]);
    }
}

/* One person asks more in some tests than anybody may in an hour. */
static void lift_limit(const struct live *live)
{
    char path[PATH_CHARS_MAX];
    path_in(live, "data/alcoved.conf", path);
    FILE *out = fopen(path, "a");
    assert_non_null(out);
    assert_true(fputs("lines-per-hour = 0\n", out) >= 0);
    const int closed = fclose(out);
    assert_int_equal(closed, 0);
}

void live_server_found(struct live *live)
{
    char data[PATH_CHARS_MAX];
    path_in(live, "data", data);
    char genesis[PATH_CHARS_MAX];
    path_in(live, "genesis", genesis);
    run_to_end(live, (const char *[]){"init", data, "--listen", "127.0.0.1:0", "--address",
                                      "127.0.0.1:1", NULL});
    lift_limit(live);
    write_genesis(live, genesis);
    run_to_end(live, (const char *[]){"init", data, "--genesis", genesis, NULL});
}

/* "alcoved: serving on HOST port N" is the last thing that a started server says. */
static uint16_t await_port(int output)
{
    struct pollfd poll_output = {.fd = output, .events = POLLIN};
    const char *at = NULL;
    char words[1024] = "";
    size_t used = 0;
    while (at == NULL || strchr(at, '\n') == NULL) {
        assert_int_equal(poll(&poll_output, 1, START_WAIT_MS), 1);
        ssize_t got = read(output, words + used, sizeof words - 1u - used);
        assert_true(got > 0);
        used += (size_t)got;
        words[used] = '\0';
        at = strstr(words, " port ");
    }
    return (uint16_t)strtoul(at + 6, NULL, 10);
}

void live_server_run(struct live *live)
{
    char data[PATH_CHARS_MAX];
    path_in(live, "data", data);
    live->pid = spawn(live, (const char *[]){"serve", data, NULL}, &live->output);
    live->port = await_port(live->output);
    assert_int_not_equal(live->port, 0);
}

void live_server_accept_clock(struct live *live)
{
    char data[PATH_CHARS_MAX];
    path_in(live, "data", data);
    run_to_end(live, (const char *[]){"clock", data, "--accept", NULL});
}

void live_server_end(struct live *live)
{
    if (live->pid != 0) {
        pid_t pid = live->pid;
        live->pid = 0;
        (void)kill(pid, SIGTERM);
        (void)close(live->output);
        must_end_well(pid);
    }
}
