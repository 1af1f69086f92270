#include "client/cli/going.h"

#include "proto/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Charts that are named one by one; of more than these the number is said. */
#define NAMED_MAX 8u

struct going {
    const struct engine *engine;
    const struct view_member *member;
    FILE *names;
    size_t charts; /* clients whom they treat */
    struct member_id client;
    bool others;
};

static bool find_others(void *visitor, const struct view_relation *relation)
{
    struct going *going = visitor;
    struct view_member staff;
    going->others |= !relation->ended && relation->kind == RELATION_TREATS &&
                     ID_EQUAL(&relation->subject, &going->client) &&
                     !ID_EQUAL(&relation->staff, &going->member->member) &&
                     view_member(going->engine, &relation->staff, &staff) == STATUS_OK &&
                     !staff.suspended && staff.devices > 0;
    return !going->others;
}

static bool find_charts(void *visitor, const struct view_relation *relation)
{
    struct going *going = visitor;
    if (relation->ended || relation->kind != RELATION_TREATS ||
        !ID_EQUAL(&relation->staff, &going->member->member)) {
        return true;
    }
    going->client = relation->subject;
    going->others = false;
    view_relations(going->engine, find_others, going);
    if (going->charts < NAMED_MAX) {
        char name[VIEW_NAME_BYTES_MAX];
        view_name(going->engine, &relation->subject, name);
        (void)fprintf(going->names, "%s%s%s", going->charts > 0 ? ", " : "", name,
                      going->others ? "" : " (nobody else treats them)");
    }
    going->charts++;
    return true;
}

static int refuse_client(struct cli *cli, const struct view_member *member, const char *how)
{
    return cli_error(
        cli, CLI_REFUSED,
        "%s alone owns their journal: when %s %s, nobody else can be let in there, and "
        "moments that they did not share can be opened by nobody. Nothing was "
        "changed. Do it all the same with --yes.",
        member->name, member->name, how);
}

int going_judge(struct cli *cli, const struct view_member *member, const char *how, bool yes)
{
    if (yes || !member->enrolled) {
        return CLI_OK;
    }
    if (member->role == ROLE_CLIENT) {
        return refuse_client(cli, member, how);
    }
    struct going going = {.engine = host_engine(cli->host), .member = member};
    char *names = NULL;
    size_t size = 0;
    going.names = open_memstream(&names, &size);
    CHECK(going.names != NULL);
    view_relations(going.engine, find_charts, &going);
    if (going.charts > NAMED_MAX) {
        (void)fprintf(going.names, " and %zu more", going.charts - NAMED_MAX);
    }
    CHECK(fclose(going.names) == 0);
    int code = CLI_OK;
    if (going.charts > 0) {
        code = cli_error(
            cli, CLI_REFUSED,
            "%s treats %zu client%s: %s. When %s %s, what they alone own in these charts has no "
            "owner: nobody can be let in there, and their process notes can be opened by nobody "
            "whom they did not let in. Nothing was changed. First let %s hand the charts over "
            "(alcove grant CHART NEXT --class CLASS --rights read,write,own --history). If that "
            "cannot wait, state who treats next (alcove relate NEXT treats CLIENT): the client "
            "then "
            "lets NEXT into the shared notes and the safety card. Do it all the same with --yes.",
            member->name, going.charts, going.charts == 1 ? "" : "s", names, member->name, how,
            member->name);
    }
    free(names);
    return code;
}
