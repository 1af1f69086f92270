#include "client/cli/sections.h"

#include "keys/public/bytes/array.h"
#include "proto/words.h"

#include <stdlib.h>

struct collecting {
    struct sections *sections;
    size_t room;
    bool failed;
};

static bool collect(void *visitor, const struct view_section *section)
{
    struct collecting *collecting = visitor;
    struct sections *sections = collecting->sections;
    size_t at = sections->count;
    if (array_grow(&sections->items, &collecting->room, sections->count + 1,
                   sizeof *sections->items) != STATUS_OK) {
        collecting->failed = true;
        return false;
    }
    for (size_t i = 0; i < sections->count; i++) {
        if (ID_EQUAL(&sections->items[i].chart, &section->chart)) {
            at = i + 1;
        }
    }
    memmove(&sections->items[at + 1], &sections->items[at],
            (sections->count - at) * sizeof *section);
    sections->items[at] = *section;
    sections->items[at].notes = 0;
    sections->count++;
    return true;
}

int sections_get(struct cli *cli, struct sections *out_sections)
{
    struct collecting collecting = {out_sections, 0, false};
    memset(out_sections, 0, sizeof *out_sections);
    view_sections(host_engine(cli->host), collect, &collecting);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < out_sections->count && status == STATUS_OK; i++) {
        struct view_section *section = &out_sections->items[i];
        status = view_count(host_engine(cli->host), &section->section, &section->notes);
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    if (status != STATUS_OK || collecting.failed) {
        sections_free(out_sections);
        return cli_fail(cli, SAY_SECTION_READ, status == STATUS_OK ? STATUS_NO_MEMORY : status);
    }
    return CLI_OK;
}

void sections_free(struct sections *sections)
{
    free(sections->items);
    memset(sections, 0, sizeof *sections);
}

struct coming {
    const struct engine *engine;
    bool found;
};

static bool visit_waiting(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    static const struct section_id none;
    struct coming *coming = visitor;
    (void)ticket;
    struct view_section section;
    coming->found |= info->wish != ENGINE_WISH_FAILED && !ID_EQUAL(&info->section, &none) &&
                     view_section(coming->engine, &info->section, &section) != STATUS_OK;
    return !coming->found;
}

bool sections_coming(const struct cli *cli)
{
    struct coming coming = {host_engine(cli->host), false};
    engine_outbox(coming.engine, visit_waiting, &coming);
    return coming.found;
}

struct owning {
    struct member_id self;
    struct member_id client;
    uint32_t class;
    struct view_section *out;
    bool found;
};

static bool visit_own(void *visitor, const struct view_section *section)
{
    struct owning *owning = visitor;
    if (!ID_EQUAL(&section->owner, &owning->self) || !ID_EQUAL(&section->client, &owning->client) ||
        section->ended || (owning->class != 0 && section->class != owning->class)) {
        return true;
    }
    owning->found = true;
    *owning->out = *section;
    return false;
}

bool sections_own(const struct cli *cli, const struct member_id *client, uint32_t class,
                  struct view_section *out_section)
{
    struct owning owning = {.client = *client, .class = class, .out = out_section};
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    owning.self = state.member;
    view_sections(host_engine(cli->host), visit_own, &owning);
    return owning.found;
}
