/*
 * The newest notes of several sections, against a walk over all of them.
 */
#include "client/engine/api/view.h"
#include "client/engine/api/write.h"
#include "proto/message.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

#include <string.h>

#define NOTES      60u
#define SECTIONS   3u
#define WRITTEN_MS 1000000u
#define NAME_EVERY 9u
#define EDIT_EVERY 5u

struct walked {
    uint64_t server_ms[NOTES];
    bool name[NOTES];
    size_t count;
};

static void write_one(struct scene *scene, const struct section_id *section, unsigned i)
{
    struct inproc_person *person = &scene->therapist;
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    bool name = i % NAME_EVERY == 0;
    body.kind = name ? NOTE_NAME : NOTE_PROGRESS;
    body.title = field_of("N", 1);
    body.text = field_of("text", 4);
    /* An author's clock may say anything: it decides nothing. */
    body.written_ms = i % 3 == 0 ? UINT64_MAX - i : WRITTEN_MS - i;
    struct write_note ask = {.section = *section, .kind = REVISION_DRAFT, .body = &body};
    uint64_t ticket = 0;
    struct note_id note;
    OK(write_note(person->engine, &ask, person->server->now_ms, &note, &ticket));
    if (name || i % EDIT_EVERY != 0) {
        return;
    }
    scene_wait(person, ticket);
    ask.note = note;
    person->server->now_ms += 5000; /* edited long after: it does not count as begun then */
    OK(write_note(person->engine, &ask, person->server->now_ms, NULL, &ticket));
}

/* By the first revision that each note has, in the order of numbers. */
static bool walk_one(void *visitor, const struct view_revision *revision)
{
    struct walked *walked = visitor;
    if (revision->parent_count > 0) {
        return true;
    }
    walked->server_ms[walked->count] = revision->server_ms;
    walked->name[walked->count] = revision->body != NULL && revision->body->kind == NOTE_NAME;
    walked->count++;
    return true;
}

static void expect(const struct walked *walked, size_t limit, size_t *out_shown)
{
    size_t left[SECTIONS];
    for (size_t s = 0; s < SECTIONS; s++) {
        left[s] = walked[s].count;
        out_shown[s] = 0;
    }
    while (limit > 0) {
        size_t best = SECTIONS;
        for (size_t s = 0; s < SECTIONS; s++) {
            while (left[s] > 0 && walked[s].name[left[s] - 1]) {
                left[s]--;
            }
            if (left[s] > 0 && (best == SECTIONS || walked[s].server_ms[left[s] - 1] >
                                                        walked[best].server_ms[left[best] - 1])) {
                best = s;
            }
        }
        if (best == SECTIONS) {
            return;
        }
        left[best]--;
        out_shown[best]++;
        limit--;
    }
}

static bool count_shown(void *visitor, const struct view_note *note)
{
    size_t *shown = visitor;
    *shown += note->newest.body != NULL && note->newest.body->kind == NOTE_NAME ? 0 : 1;
    return true;
}

/* Goal: of any number of notes those are taken that were begun last by the server's time, of which section
 * whatsoever, names not counted; and counts are what a walk counts. Method: sixty notes in three sections, some
 * edited, some names, every limit from none to more than there are. */
static void test_newest_of_all_sections(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct engine *engine = scene.therapist.engine;
    struct section_id sections[SECTIONS] = {scene_section(&scene.therapist, CLASS_PROGRESS),
                                            scene_section(&scene.therapist, CLASS_SESSION),
                                            scene_section(&scene.therapist, CLASS_PROCESS)};
    for (unsigned i = 0; i < NOTES; i++) {
        write_one(&scene, &sections[(i * i + i / 5) % SECTIONS], i);
        if (i % 2 == 1) { /* the same time for several */
            inproc_sync(&scene.therapist);
            scene.server.now_ms += 1000;
        }
    }
    inproc_sync(&scene.therapist);
    static struct walked walked[SECTIONS];
    size_t all = 0;
    for (size_t s = 0; s < SECTIONS; s++) {
        OK(view_revisions(engine, &sections[s], NULL, walk_one, &walked[s]));
        size_t count = 0;
        OK(view_count(engine, &sections[s], &count));
        size_t notes = 0;
        for (size_t i = 0; i < walked[s].count; i++) {
            notes += walked[s].name[i] ? 0 : 1;
        }
        assert_int_equal(count, notes);
        all += count;
    }
    assert_true(all > NOTES / 2);
    for (size_t limit = 0; limit <= all + 2; limit++) {
        size_t last[SECTIONS];
        OK(view_newest(engine, sections, SECTIONS, limit, last));
        size_t expected[SECTIONS];
        expect(walked, limit, expected);
        for (size_t s = 0; s < SECTIONS; s++) {
            size_t shown = 0;
            OK(view_last_notes(engine, &sections[s], last[s], count_shown, &shown));
            assert_int_equal(shown, expected[s]);
        }
    }
    print_message("%zu notes, %zu limits\n", all, all + 3);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_of_all_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
