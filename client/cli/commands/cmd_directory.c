#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/print.h"
#include "client/engine/api/act.h"
#include "client/engine/api/view.h"
#include "proto/words.h"

static bool find_directory(void *visitor, const struct view_section *section)
{
    struct view_section *there = visitor;

    if (section->class == CLASS_DIRECTORY && !section->ended) {
        *there = *section;
    }
    return true;
}

static int directory_new(struct cli *cli)
{
    static const struct chart_id no_chart;
    static const struct member_id no_client;
    struct section_id section;
    struct chart_id chart;
    uint64_t ticket = 0;
    struct view_section there = {0};
    enum status status;
    int code;

    view_sections(host_engine(cli->host), find_directory, &there);
    if (there.class == CLASS_DIRECTORY) {
        return cli_fail(cli, "the directory was not made", STATUS_ALREADY);
    }
    status = act_section(host_engine(cli->host), CLASS_DIRECTORY, &no_chart, &no_client,
                         clock_now_ms(), &section, &chart, &ticket);
    code = status == STATUS_OK ? cli_tell_made(cli, "section", ID_SPAN(&section), ticket)
                               : cli_fail(cli, "the directory was not made", status);
    if (code == CLI_OK && !cli->json) {
        (void)fprintf(cli->out, "Names of staff whom you invite go into it. When a colleague has "
                                "joined:\n  alcove directory share\n");
    }
    return code;
}

/* By hand, not with every sync: a grant that somebody revoked must not come back by itself. */
static int directory_share(struct cli *cli)
{
    size_t granted = 0;
    enum status status = act_directory(host_engine(cli->host), clock_now_ms(), &granted);
    int code = status == STATUS_OK ? CLI_OK : cli_fail(cli, "it was not shared", status);

    if (code == CLI_OK && granted > 0) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_number(object, "granted", granted);
        print_json(cli, object);
        return CLI_OK;
    }
    (void)fprintf(cli->out, "%zu colleagues were granted reading of the directory.\n", granted);
    return CLI_OK;
}

int cmd_directory(struct cli *cli, int argc, char **argv)
{
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    bool share;
    int code;

    if (!args_parse(argc, argv, NULL, 0, words, 1, &count, &wrong) || count != 1) {
        return cli_usage(cli, "directory", wrong);
    }
    share = strcmp(words[0], "share") == 0;
    if (!share && strcmp(words[0], "new") != 0) {
        return cli_usage(cli, "directory", words[0]);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    return share ? directory_share(cli) : directory_new(cli);
}
