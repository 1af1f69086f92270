#include "client/cli/audience.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "proto/alcove.pb-c.h"
#include "proto/words.h"

#include <stdio.h>
#include <stdlib.h>

static bool find_client(void *visitor, const struct view_access *access)
{
    struct audience *audience = visitor;
    audience->reads |= ID_EQUAL(&access->member, &audience->client);
    return true;
}

int audience_get(struct cli *cli, const struct view_section *section, struct audience *out_audience)
{
    memset(out_audience, 0, sizeof *out_audience);
    out_audience->client = section->client;
    out_audience->class = section->class;
    view_name(host_engine(cli->host), &section->client, out_audience->name);
    if (section->ended || (section->rights & RIGHT_WRITE) == 0) {
        return cli_fail(cli, SAY_NOTE_WRITE, STATUS_REFUSED);
    }
    enum status status =
        view_access(host_engine(cli->host), &section->section, find_client, out_audience);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_SECTION_READ, status);
}

int audience_preview(struct cli *cli, struct note_input *input, const struct audience *audience,
                     const struct note_text *text)
{
    if (audience->class != CLASS_SHARED || (cli->json && input->yes)) {
        return CLI_OK;
    }
    if (cli->json) {
        return cli_error(cli, CLI_USAGE,
                         "with --json nothing is shown or asked; give --yes to share. It was not "
                         "shared.");
    }
    char *heading = NULL;
    CHECK(asprintf(&heading, "%s %s:", audience->name,
                   audience->reads ? "will see"
                                   : "has no access to this section now and will not see") >= 0);
    print_block(cli, print_span(heading), 0);
    free(heading);
    (void)fputc('\n', cli->out);
    if (input->title != NULL) {
        print_block(cli, print_span(input->title), 2);
        (void)fputc('\n', cli->out);
    }
    print_block(cli, span_of(text->bytes, text->size), 2);
    (void)fputc('\n', cli->out);
    bool from_in = input->file != NULL && strcmp(input->file, "-") == 0;
    if (!input->yes && ((from_in && !input->again) ||
                        !cli_confirm(cli, audience->reads ? "Share it with them?" : "Write it?"))) {
        return cli_error(cli, CLI_REFUSED,
                         "it was not shared; give --yes to share without being asked");
    }
    input->yes = true;
    return CLI_OK;
}
