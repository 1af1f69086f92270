#include "client/cli/watch.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/view.h"
#include "proto/policy.h"

#define WATCHED_MAX 1024u

struct watch {
    struct cli *cli; /* during a step */
    size_t count;
    struct section_id sections[WATCHED_MAX];
    uint64_t numbers[WATCHED_MAX];
};

struct watch *watch_new(void)
{
    return calloc(1, sizeof(struct watch));
}

void watch_free(struct watch *watch)
{
    free(watch);
}

static void tell_change(struct cli *cli, const struct view_section *section, bool begun)
{
    static const struct member_id nobody;
    bool of_client = !ID_EQUAL(&section->client, &nobody);
    char client[VIEW_NAME_BYTES_MAX] = "";
    if (of_client) {
        view_name(host_engine(cli->host), &section->client, client);
    }
    const struct print_field fields[] = {
        {"section", PRINT_ID, .span = ID_SPAN(&section->section), .before = ""},
        {NULL, PRINT_TEXT, .span = print_span(client), .before = "  ", .columns = 40},
        {"class", PRINT_TEXT, .span = print_span(policy_class_name(section->class)),
         .before = of_client ? ", " : "  "},
        {"number", PRINT_NUMBER, .number = section->number},
        {NULL, PRINT_TEXT, .span = print_span(begun ? "something new" : "watched"),
         .before = section->ended ? NULL : ": "},
        {"ended", PRINT_BOOL, .number = section->ended, .before = ": no longer shared with you"},
    };
    if (cli->json) {
        print_json(cli, print_object(fields, ARRAY_LEN(fields)));
    } else {
        print_row(cli, NULL, fields, ARRAY_LEN(fields));
    }
    (void)fflush(cli->out);
}

static bool look(void *visitor, const struct view_section *section)
{
    struct watch *watch = visitor;
    for (size_t i = 0; i < watch->count; i++) {
        if (ID_EQUAL(&watch->sections[i], &section->section)) {
            if (watch->numbers[i] != section->number) {
                watch->numbers[i] = section->number;
                tell_change(watch->cli, section, true);
            }
            return true;
        }
    }
    if (watch->count < WATCHED_MAX) {
        watch->sections[watch->count] = section->section;
        watch->numbers[watch->count++] = section->number;
        tell_change(watch->cli, section, false);
    }
    return true;
}

void watch_step(struct watch *watch, struct cli *cli)
{
    watch->cli = cli;
    view_sections(host_engine(cli->host), look, watch);
}
