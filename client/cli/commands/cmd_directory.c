#include "client/agent/clock.h"
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/print_field.h"
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

static int run_new(struct cli *cli, const void *values)
{
    static const struct chart_id no_chart;
    static const struct member_id no_client;
    (void)values;
    struct view_section there = {0};
    view_sections(host_engine(cli->host), find_directory, &there);
    if (there.class == CLASS_DIRECTORY) {
        return cli_fail(cli, SAY_DIRECTORY_MAKE, STATUS_ALREADY);
    }
    struct section_id section;
    struct chart_id chart;
    uint64_t ticket = 0;
    enum status status = act_section(host_engine(cli->host), CLASS_DIRECTORY, &no_chart, &no_client,
                                     clock_now_ms(), &section, &chart, &ticket);
    int code = status == STATUS_OK ? cli_tell_made(cli, "section", ID_SPAN(&section), ticket)
                                   : cli_fail(cli, SAY_DIRECTORY_MAKE, status);
    if (code == CLI_OK && !cli->json) {
        (void)fprintf(cli->out, "Names of staff whom you invite go into it. When a colleague has "
                                "joined:\n  alcove directory share\n");
    }
    return code;
}

/* By hand, not with every sync: a grant that somebody revoked must not come back by itself. */
static int run_share(struct cli *cli, const void *values)
{
    size_t granted = 0;
    enum status status = act_directory(host_engine(cli->host), clock_now_ms(), &granted);
    int code = status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_DIRECTORY_SHARE, status);
    (void)values;
    if (code == CLI_OK && granted > 0) {
        code = cli_refresh(cli);
    }
    return code == CLI_OK
               ? print_answer(
                     cli,
                     (const struct print_field[]){{"granted", PRINT_NUMBER, .number = granted}}, 1,
                     "%zu colleagues were granted reading of the directory.", granted)
               : code;
}

static const struct command COMMANDS[] = {
    {"directory new", "make the practice's directory of staff names", COMMAND_NEEDS_FRESH,
     COMMAND_ANYWHERE, &option_none, NULL, NULL, NULL, run_new},
    {"directory share", "let every colleague who has joined read the directory",
     COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &option_none, NULL, NULL, NULL, run_share},
};
const struct command_list cmd_directory = {COMMANDS, ARRAY_LEN(COMMANDS)};
