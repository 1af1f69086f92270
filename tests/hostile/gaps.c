#include "tests/hostile/gaps.h"

static bool count_gap(void *visitor, const struct view_gap *gap)
{
    struct gaps *gaps = visitor;
    gaps->count++;
    gaps->news += gap->told ? 0 : 1;
    gaps->stopped += gap->kind == VIEW_GAP_STOPPED ? 1 : 0;
    gaps->last = *gap;
    return true;
}

struct gaps gaps_of(struct inproc_person *person)
{
    struct gaps gaps = {0};
    OK(view_gaps(person->engine, count_gap, &gaps));
    return gaps;
}

void gaps_empty_cache(struct inproc_person *person)
{
    inproc_offline(person);
    engine_free(person->engine);
    memory_storage_free(person->storage);
    person->storage = memory_storage_new();
    inproc_start(person);
}

uint64_t gaps_pass(struct inproc_person *person, uint64_t ms)
{
    struct inproc *server = person->server;
    const uint64_t before = server->ops[OP_PAGE];
    for (uint64_t end = server->now_ms + ms; server->now_ms < end; server->now_ms += SECOND_MS) {
        OK(inproc_run(person));
        assert_int_equal(engine_alarm_count(person->engine), 0);
    }
    return server->ops[OP_PAGE] - before;
}

Alcove__Revision *gaps_capture(struct stage *stage, struct inproc_person *by,
                               const struct section_id *section, const char *text)
{
    uint64_t ticket = 0;
    scene_write(by, section, NULL, REVISION_DRAFT, text, &ticket);
    kit_capture(by, &stage->submit);
    assert_int_equal(stage->submit.ask->n_revision, 1);
    return stage->submit.ask->revision[0];
}
