#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/device_find.h"
#include "client/cli/going.h"
#include "client/cli/pair_words.h"
#include "client/cli/print_field.h"
#include "client/cli/statement.h"
#include "client/engine/api/act.h"

#include <stdlib.h>

#define PLACES_MAX 512u

struct revoke_values {
    const char *device;
    const char *member; /* NULL: oneself */
    bool yes;
};

struct given {
    struct view_given items[PLACES_MAX];
    size_t count;
    size_t lacking; /* sections of which it holds keys that are not here */
    size_t closed;  /* still under a key that it holds, once it is revoked */
};

static bool take_given(void *visitor, const struct view_given *one)
{
    struct given *given = visitor;
    if (given->count < PLACES_MAX) {
        given->items[given->count++] = *one;
    }
    given->lacking += one->lacking > 0 ? 1 : 0;
    return true;
}

static char *given_words(struct cli *cli, const struct given *given, bool lacking)
{
    struct pair_place places[PLACES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < given->count; i++) {
        if (!lacking || given->items[i].lacking > 0) {
            places[count++] = (struct pair_place){given->items[i].client, given->items[i].class};
        }
    }
    return pair_places(cli, places, count);
}

/* What cannot be undone is said before. */
static int judge_own(struct cli *cli, const struct view_device *device, const struct given *given,
                     bool yes)
{
    if (yes || (!device->first && given->lacking == 0)) {
        return CLI_OK;
    }
    char *lacking = given_words(cli, given, true);
    int code = cli_error(
        cli, CLI_REFUSED, "%s%s%s%sNothing was changed. Do it all the same with --yes.",
        device->first
            ? "this is the device that you joined with, and it alone can add devices: once "
              "it is revoked no device can be added to your account any more, and this "
              "version has no recovery. Your other devices go on as they are. "
            : "",
        given->lacking > 0
            ? "it holds keys that this device lacks, and what only it can open will be "
              "opened by no device of yours: "
            : "",
        given->lacking > 0 ? lacking : "",
        given->lacking > 0 ? ". First run `alcove sync` there, then here. " : "");
    free(lacking);
    return code;
}

static int judge(struct cli *cli, const struct revoke_values *values,
                 const struct member_id *member, const struct view_device *device,
                 const struct given *given)
{
    if (device->own) {
        return cli_error(cli, CLI_REFUSED,
                         "this is the device that you are using; revoke it from another");
    }
    if (device->revoked) {
        return cli_error(cli, CLI_FAILED, "it is revoked already; nothing was changed");
    }
    if (values->member == NULL) {
        return judge_own(cli, device, given, values->yes);
    }
    struct view_member owner;
    return view_member(host_engine(cli->host), member, &owner) == STATUS_OK && owner.devices == 1
               ? going_judge(cli, &owner, "loses this device, their last", values->yes)
               : CLI_OK;
}

static void count_closed(struct cli *cli, struct given *given)
{
    for (size_t i = 0; i < given->count; i++) {
        struct view_section section;
        if (view_section(host_engine(cli->host), &given->items[i].section, &section) == STATUS_OK &&
            !section.ended && section.closed) {
            given->closed++;
        }
    }
}

static int tell_revoked(struct cli *cli, const struct view_device *device,
                        const struct given *given, uint64_t event)
{
    char *words = given_words(cli, given, false);
    char *left = NULL;
    CHECK(asprintf(&left,
                   " %zu of these get%s a new key with the next note, by whoever may write there.",
                   given->closed, given->closed == 1 ? "s" : "") >= 0);
    int code = print_answer(
        cli,
        (const struct print_field[]){{"device", PRINT_ID, .span = ID_SPAN(&device->device)},
                                     {"statement", PRINT_ID, .span = ID_SPAN(&device->statement)},
                                     {"sent", PRINT_BOOL, .number = true},
                                     {"event", PRINT_NUMBER, .number = event},
                                     {"given", PRINT_NUMBER, .number = given->count},
                                     {"closed", PRINT_NUMBER, .number = given->closed},
                                     {"given_words", PRINT_TEXT, .span = print_span(words)}},
        7,
        "Revoked: it can no longer connect.%s%s%s\nWhat it has already read stays readable to "
        "whoever "
        "holds it.",
        given->count == 0 ? " It had been given no keys." : " It had been given the keys of ",
        words,
        given->count == 0    ? ""
        : given->closed == 0 ? ". Each of these sections has a new key now."
                             : left);
    free(left);
    free(words);
    return code;
}

static int revoke_own(struct cli *cli, const struct member_id *member,
                      const struct view_device *device, struct given *given)
{
    uint64_t ticket = 0;
    enum status status = act_device_revoke(host_engine(cli->host), member, &device->statement,
                                           clock_now_ms(), &ticket);
    bool sent = false;
    int code = status == STATUS_OK ? cli_deliver(cli, ticket, &sent)
                                   : cli_fail(cli, SAY_STATEMENT, status);
    if (code != CLI_OK || !sent) {
        return code != CLI_OK
                   ? code
                   : statement_tell(
                         cli, SAY_STATEMENT, STATUS_OK, ticket,
                         &(const struct statement_words){
                             "Revoked.", NULL,
                             "whoever holds the device can still connect, read and write"});
    }
    struct engine_ticket info = {0};
    engine_ticket(host_engine(cli->host), ticket, &info);
    (void)!host_sync(cli->host, CLI_TIMEOUT_MS); /* the new keys */
    count_closed(cli, given);
    return tell_revoked(cli, device, given, info.event);
}

static int run_revoke(struct cli *cli, const void *values_given)
{
    const struct revoke_values *values = values_given;
    struct given *given = calloc(1, sizeof *given);
    CHECK(given != NULL);
    struct member_id member;
    int code = device_whose(cli, values->member, &member);
    struct view_device device;
    code = code == CLI_OK ? device_find(cli, values->device, &member, &device) : code;
    if (code == CLI_OK && values->member == NULL) {
        view_given(host_engine(cli->host), &device.statement, take_given, given);
    }
    code = code == CLI_OK ? judge(cli, values, &member, &device, given) : code;
    if (code == CLI_OK && values->member == NULL) {
        code = revoke_own(cli, &member, &device, given);
    } else if (code == CLI_OK) {
        uint64_t ticket = 0;
        enum status status = act_device_revoke(host_engine(cli->host), &member, &device.statement,
                                               clock_now_ms(), &ticket);
        code =
            statement_tell(cli, SAY_STATEMENT, status, ticket,
                           &(const struct statement_words){
                               "Revoked: it can no longer connect, and keys move on with the next "
                               "note.\nWhat it has "
                               "already read stays readable to whoever holds it.",
                               NULL, "whoever holds the device can still connect, read and write"});
    }
    free(given);
    return code;
}

static const struct option REVOKE_OPTIONS[] = {
    {"--member", OPTION_TEXT, offsetof(struct revoke_values, member), "MEMBER",
     "another person's devices, as an admin", NULL},
    {"DEVICE", OPTION_TEXT, offsetof(struct revoke_values, device), NULL,
     "its name, or the first digits of its id", &option_required},
    {"--yes", OPTION_FLAG, offsetof(struct revoke_values, yes), NULL,
     "revoke it although something is lost by it", NULL},
};
static const struct option_table DEVICE_REVOKE = {REVOKE_OPTIONS, ARRAY_LEN(REVOKE_OPTIONS),
                                                  sizeof(struct revoke_values)};

static const struct command COMMANDS[] = {
    {"device revoke", "end a device's access", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE,
     &DEVICE_REVOKE, NULL, NULL, NULL, run_revoke},
};
const struct command_list cmd_device_revoke = {COMMANDS, ARRAY_LEN(COMMANDS)};
