#include "signer_scene.h"

#include <unistd.h>

#include "server/store/ledger.h"
#include "tests/support/test.h"

void scene_init(struct scene *s)
{
    memset(s, 0, sizeof *s);
    fixture_init(&s->fixture, 0);
    (void)snprintf(s->folder, sizeof s->folder, "%s/signer", s->fixture.base);
    assert_int_equal(signer_file_init(s->folder, &s->public_key), STATUS_OK);
    s->seed = 1;
}

void scene_remove_in(const char *folder, const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)unlink(path);
}

void scene_deinit(struct scene *s)
{
    scene_remove_in(s->folder, SIGNER_FILE_KEY);
    scene_remove_in(s->folder, SIGNER_FILE_STATE);
    scene_remove_in(s->folder, SIGNER_FILE_STATE_NEW);
    scene_remove_in(s->folder, "socket");
    (void)rmdir(s->folder);
    fixture_deinit(&s->fixture);
}

void scene_grow(struct scene *s, size_t count)
{
    struct txn *txn = fixture_write(&s->fixture);
    for (size_t i = 0; i < count; i++) {
        struct fixture_parts parts;
        struct event_new event;
        fixture_event(&s->seed, &parts, &event);
        event.fields.time_ms = events_time(txn, 1);
        struct hash leaf;
        uint64_t seq;
        assert_int_equal(fixture_append(txn, &event, &seq, &leaf), STATUS_OK);
    }
    fixture_commit(txn);
}

/* What the server would ask after its signer had |from| events. */
void scene_request_from(struct scene *s, uint64_t from, uint64_t to, struct signer_request *out)
{
    struct txn *txn = fixture_read(&s->fixture);
    struct signer_request_log *events = &out->logs[ORIGIN_EVENTS];
    memset(out, 0, sizeof *out);
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

void scene_check_note(const struct scene *s, enum origin_log log, const char *note, size_t size,
                      uint64_t want_size)
{
    char origin[ORIGIN_CHARS_MAX];
    origin_format(&s->fixture.practice, log, origin);
    struct note_key key;
    assert_int_equal(
        note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, &s->public_key, &key),
        STATUS_OK);
    struct checkpoint checkpoint;
    assert_int_equal(checkpoint_open(span_of(note, size), &key, NULL, 0, &checkpoint, NULL),
                     STATUS_OK);
    assert_int_equal(checkpoint.size, want_size);
}
