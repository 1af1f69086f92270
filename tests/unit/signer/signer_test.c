/* The log signer: what it signs and refuses, its folder, and the server's end of the link
 * against the real program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/public/origin.h"
#include "server/run/signer_link.h"
#include "server/signer/signer_file.h"
#include "server/store/ledger.h"
#include "store_fixture.h"

struct scene {
    struct fixture fixture;
    char folder[96]; /* the signer's */
    struct public_key public_key;
    uint64_t seed;
};

static void scene_init(struct scene *s)
{
    memset(s, 0, sizeof(*s));
    fixture_init(&s->fixture, 0);
    (void)snprintf(s->folder, sizeof(s->folder), "%s/signer", s->fixture.base);
    assert_int_equal(signer_file_init(s->folder, &s->public_key), STATUS_OK);
    s->seed = 1;
}

static void remove_in(const char *folder, const char *name)
{
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)unlink(path);
}

static void scene_deinit(struct scene *s)
{
    remove_in(s->folder, SIGNER_FILE_KEY);
    remove_in(s->folder, SIGNER_FILE_STATE);
    remove_in(s->folder, SIGNER_FILE_STATE_NEW);
    remove_in(s->folder, "socket");
    (void)rmdir(s->folder);
    fixture_deinit(&s->fixture);
}

static void grow(struct scene *s, size_t count)
{
    struct txn *txn = fixture_write(&s->fixture);

    for (size_t i = 0; i < count; i++) {
        struct fixture_parts parts;
        struct event_new event;
        struct hash leaf;
        uint64_t seq;

        fixture_event(&s->seed, &parts, &event);
        event.fields.time_ms = events_time(txn, 1);
        assert_int_equal(events_append(txn, &event, &seq, &leaf), STATUS_OK);
    }
    fixture_commit(txn);
}

/* What the server would ask after its signer had |from| events. */
static void request_from(struct scene *s, uint64_t from, uint64_t to, struct signer_request *out)
{
    struct txn *txn = fixture_read(&s->fixture);
    struct signer_request_log *events = &out->logs[ORIGIN_EVENTS];

    memset(out, 0, sizeof(*out));
    out->practice = s->fixture.practice;
    merkle_empty_root(&out->logs[ORIGIN_STATEMENTS].root);
    events->old_size = from;
    events->new_size = to;
    assert_int_equal(ledger_root(txn, LEDGER_EVENTS, to, &events->root), STATUS_OK);
    if (from <= to) {
        assert_int_equal(ledger_consistency(txn, LEDGER_EVENTS, from, to, &events->proof),
                         STATUS_OK);
    }
    db_abort(txn);
}

static void check_note(const struct scene *s, enum origin_log log, const char *note, size_t size,
                       uint64_t want_size)
{
    char origin[ORIGIN_CHARS_MAX];
    struct note_key key;
    struct checkpoint checkpoint;

    origin_format(&s->fixture.practice, log, origin);
    assert_int_equal(
        note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, &s->public_key, &key),
        STATUS_OK);
    assert_int_equal(checkpoint_open(span_of(note, size), &key, NULL, 0, &checkpoint, NULL),
                     STATUS_OK);
    assert_int_equal(checkpoint.size, want_size);
}

/* Goal: first from 0, then only what extends; the same again gives the same bytes; smaller,
 * other root, wrong proof and another practice are refused and change nothing. */
static void test_answers(void **state)
{
    struct scene s;
    struct signer_state signer;
    struct log_key *key = NULL;
    static struct signer_request request;
    static struct signer_reply first;
    static struct signer_reply reply;

    (void)state;
    scene_init(&s);
    grow(&s, 20);
    assert_int_equal(signer_file_key(s.folder, &key), STATUS_OK);
    signer_state_init(&signer, &s.fixture.practice);
    request_from(&s, 0, 7, &request);
    signer_state_answer(&signer, key, &request, &first);
    assert_int_equal(first.answer, SIGNER_SIGNED);
    assert_true(signer.dirty);
    check_note(&s, ORIGIN_EVENTS, first.logs[1].note, first.logs[1].note_size, 7);
    check_note(&s, ORIGIN_STATEMENTS, first.logs[0].note, first.logs[0].note_size, 0);
    signer_state_answer(&signer, key, &request, &reply);
    assert_memory_equal(&reply, &first, sizeof(reply));
    request_from(&s, 7, 20, &request);
    request.logs[1].proof.hashes[0].bytes[5] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    assert_int_equal(reply.logs[1].note_size, 0);
    request_from(&s, 6, 20, &request);
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_OTHER_SIZE);
    assert_int_equal(reply.logs[1].size, 7);
    request_from(&s, 7, 20, &request);
    request.practice.bytes[0] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_BAD_REQUEST);
    request_from(&s, 7, 20, &request);
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_SIGNED);
    request.logs[1].root.bytes[0] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    request_from(&s, 20, 19, &request);
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_REWOUND);
    assert_int_equal(reply.logs[1].size, 20);
    log_key_close(key);
    scene_deinit(&s);
}

/* Goal: both logs are signed or neither. Method: events extend, statements do not. */
static void test_both_or_neither(void **state)
{
    struct scene s;
    struct signer_state signer;
    struct log_key *key = NULL;
    static struct signer_request request;
    static struct signer_reply reply;

    (void)state;
    scene_init(&s);
    grow(&s, 5);
    assert_int_equal(signer_file_key(s.folder, &key), STATUS_OK);
    signer_state_init(&signer, &s.fixture.practice);
    request_from(&s, 0, 5, &request);
    request.logs[ORIGIN_STATEMENTS].root.bytes[0] ^= 1;
    signer_state_answer(&signer, key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_INCONSISTENT);
    assert_int_equal(signer.sizes[ORIGIN_EVENTS], 0);
    assert_false(signer.dirty);
    request_from(&s, 0, 5, &request);
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
    struct scene s;
    struct signer_state signer;
    struct practice_id other = {{1}};
    struct public_key again;
    struct stat info;
    char path[160];
    int fd = -1;
    int second = -1;

    (void)state;
    scene_init(&s);
    assert_int_equal(signer_file_init(s.folder, &again), STATUS_CONFLICT);
    (void)snprintf(path, sizeof(path), "%s/%s", s.folder, SIGNER_FILE_KEY);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &fd, &signer), STATUS_OK);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &second, &signer),
                     STATUS_BUSY);
    signer.sizes[1] = 5;
    assert_int_equal(signer_file_save(fd, &signer), STATUS_OK);
    (void)close(fd);
    assert_int_equal(signer_file_open(s.folder, &other, &fd, &signer), STATUS_CONFLICT);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &fd, &signer), STATUS_OK);
    assert_int_equal(signer.sizes[1], 5);
    (void)close(fd);
    remove_in(s.folder, SIGNER_FILE_STATE);
    assert_int_equal(signer_file_open(s.folder, &s.fixture.practice, &fd, &signer),
                     STATUS_NOT_FOUND);
    scene_deinit(&s);
}

static enum status ask(struct scene *s, struct signer_link *link, struct signer_link_notes *notes)
{
    struct txn *txn = fixture_read(&s->fixture);
    enum status status = signer_link_checkpoint(link, txn, notes);

    db_abort(txn);
    return status;
}

static void open_link(struct scene *s, struct signer_link **out_link)
{
    const struct signer_link_options options = {.program = ALCOVE_SIGNER, .folder = s->folder};

    assert_int_equal(signer_link_open(&options, &s->fixture.practice, out_link), STATUS_OK);
}

/* Goal: the real program signs what the store holds, again after a restart, and refuses a
 * store that became shorter. Method: grow, ask, restart; then a second, shorter database. */
static void test_link(void **state)
{
    struct scene s;
    struct scene shorter;
    struct signer_link *link = NULL;
    static struct signer_link_notes notes;
    static struct signer_link_notes again;
    uint64_t sizes[SIGNER_LOGS];

    (void)state;
    scene_init(&s);
    scene_init(&shorter);
    open_link(&s, &link);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    for (size_t i = 0; i < 10; i++) {
        grow(&s, i * 3 + 1);
        assert_int_equal(ask(&s, link, &notes), STATUS_OK);
        check_note(&s, ORIGIN_EVENTS, notes.notes[1], notes.note_sizes[1],
                   notes.checkpoints[1].size);
    }
    signer_link_sizes(link, sizes);
    assert_int_equal(sizes[ORIGIN_EVENTS], 145);
    signer_link_close(link);
    open_link(&s, &link);
    assert_int_equal(ask(&s, link, &again), STATUS_OK);
    assert_memory_equal(&again, &notes, sizeof(again));
    grow(&shorter, 10);
    assert_int_equal(ask(&shorter, link, &again), STATUS_REWOUND);
    signer_link_sizes(link, sizes);
    assert_int_equal(sizes[ORIGIN_EVENTS], 145);
    grow(&shorter, 135);
    shorter.seed = 99;
    grow(&shorter, 10);
    assert_int_equal(ask(&shorter, link, &again), STATUS_OK); /* the same first 145 */
    signer_link_close(link);
    scene_deinit(&shorter);
    scene_deinit(&s);
}

/* Goal: two histories of one size are never both signed. Method: a store that differs. */
static void test_link_equivocation(void **state)
{
    struct scene s;
    struct scene other;
    struct signer_link *link = NULL;
    static struct signer_link_notes notes;

    (void)state;
    scene_init(&s);
    scene_init(&other);
    other.seed = 2;
    grow(&s, 12);
    open_link(&s, &link);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    grow(&other, 12);
    assert_int_equal(ask(&other, link, &notes), STATUS_EQUIVOCATION);
    grow(&other, 5);
    assert_int_equal(ask(&other, link, &notes), STATUS_EQUIVOCATION);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    signer_link_close(link);
    scene_deinit(&other);
    scene_deinit(&s);
}

/* Goal: without a signer the link says so, and works again when there is one. Method: no
 * program; then a socket nobody listens on, then a signer of its own there. */
static void test_link_unavailable(void **state)
{
    struct scene s;
    struct signer_link *link = NULL;
    static struct signer_link_notes notes;
    char path[128];
    char practice[65];
    struct signer_link_options options = {.program = "/nonexistent/alcove-signer"};
    pid_t child;
    int how = 0;
    bool up = false;

    (void)state;
    scene_init(&s);
    grow(&s, 3);
    options.folder = s.folder;
    assert_int_equal(signer_link_open(&options, &s.fixture.practice, &link), STATUS_UNAVAILABLE);
    (void)snprintf(path, sizeof(path), "%s/socket", s.folder);
    options = (struct signer_link_options){.socket_path = path};
    assert_int_equal(signer_link_open(&options, &s.fixture.practice, &link), STATUS_UNAVAILABLE);
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(practice + 2 * i, 3, "%02x", s.fixture.practice.bytes[i]);
    }
    child = fork();
    if (child == 0) {
        (void)execl(ALCOVE_SIGNER, ALCOVE_SIGNER, "--serve", s.folder, "--practice", practice,
                    "--socket", path, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 1000 && !up; i++) {
        up = signer_link_open(&options, &s.fixture.practice, &link) == STATUS_OK;
        if (!up) {
            (void)usleep(10000);
        }
    }
    assert_true(up);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    check_note(&s, ORIGIN_EVENTS, notes.notes[1], notes.note_sizes[1], 3);
    signer_link_close(link);
    assert_int_equal(signer_link_open(&options, &s.fixture.practice, &link), STATUS_OK);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    grow(&s, 1);
    assert_int_equal(ask(&s, link, &notes), STATUS_UNAVAILABLE);
    assert_int_equal(ask(&s, link, &notes), STATUS_UNAVAILABLE);
    signer_link_close(link);
    scene_deinit(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_both_or_neither),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_link_equivocation),
        cmocka_unit_test(test_link_unavailable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
