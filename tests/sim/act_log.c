#include "tests/sim/act.h"

enum status log_look(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)world;
    struct query_terms terms = {.scope = by->role == ROLE_AUDITOR ? ACTION_LOG_ALL : ACTION_LOG_OWN,
                                .limit = 1 + (uint32_t)dice_below(dice, 50)};
    uint64_t ticket = 0;
    enum status status = query_ask(by->person.engine, &terms, &ticket);
    /* Careless: the answer is not looked at. */
    return status;
}

struct own_chart {
    struct chart_id chart;
    struct member_id client;
    bool found;
};

static bool see_chart(void *visitor, const struct view_section *section)
{
    struct own_chart *own = visitor;
    if (section->class != CLASS_DIRECTORY && ID_EQUAL(&section->client, &own->client)) {
        own->chart = section->chart;
        own->found = true;
    }
    return !own->found;
}

enum status log_prove(struct world_device *by, bool whole, uint64_t *out_ticket)
{
    struct engine *engine = by->person.engine;
    struct own_chart own = {.client = by->person.content.member};
    if (by->role == ROLE_AUDITOR) {
        return whole ? query_verify_all(engine, out_ticket)
                     : query_verify_on(engine, NULL, out_ticket);
    }
    view_sections(engine, see_chart, &own);
    if (by->role != ROLE_CLIENT || !own.found) {
        return STATUS_NOT_FOUND;
    }
    return whole ? query_verify_chart(engine, &own.chart, out_ticket)
                 : query_verify_on(engine, &own.chart, out_ticket);
}

static bool count_file(void *writer, const char *path, struct span bytes)
{
    (void)path;
    *(size_t *)writer += bytes.size;
    return true;
}

/* One proof at a time on each device; what came of the last is looked at first, and an auditor writes
 * it into files. */
enum status log_verify(struct world *world, struct dice *dice, struct world_device *by)
{
    struct engine *engine = by->person.engine;
    struct query_verdict verdict;
    if (by->proof != 0 && query_verdict(engine, by->proof, &verdict) == STATUS_OK) {
        if (verdict.status == STATUS_BAD_PROOF || verdict.status == STATUS_BAD_CHAIN ||
            verdict.status == STATUS_EQUIVOCATION || verdict.status == STATUS_CORRUPT) {
            world_fail(world, "device %u: a proof of the log fails though the server is honest: %s",
                       act_number_of(world, by), verdict.reason);
        }
        size_t bytes = 0;
        enum status status = query_export(engine, by->proof, count_file, &bytes);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            world_fail(world, "device %u cannot export what it proved: %s",
                       act_number_of(world, by), status_name(status));
        }
    }
    query_drop(engine, by->proof);
    by->proof = 0;
    return log_prove(by, dice_chance(dice, 500), &by->proof);
}
