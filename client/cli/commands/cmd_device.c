#include "client/cli/command.h"
#include "client/cli/device_find.h"
#include "client/cli/ids.h"
#include "client/cli/pair_words.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/act_pair.h"
#include "client/engine/api/query.h"
#include "proto/message.h"
#include "proto/words.h"

#define LOGINS_MAX  1000u
#define DEVICES_MAX MEMBER_DEVICES_MAX

struct device_values {
    const char *device;
    const char *member; /* NULL: oneself */
    const char *name;
    bool seen;
};

/* ---- which there are */

struct devices {
    struct view_device items[DEVICES_MAX];
    uint64_t seen_ms[DEVICES_MAX]; /* the last login, by the server's log; 0: not asked, or none */
    size_t count;
};

static bool take_device(void *visitor, const struct view_device *device)
{
    struct devices *devices = visitor;
    if (devices->count < DEVICES_MAX) {
        devices->items[devices->count++] = *device;
    }
    return true;
}

/* The newest login of each, which come first. */
static bool take_login(void *visitor, const struct query_event *event)
{
    struct devices *devices = visitor;
    for (size_t i = 0; i < devices->count; i++) {
        const struct device_id *id = &devices->items[i].device;
        if (event->restricted != NULL && event->open != NULL && devices->seen_ms[i] == 0 &&
            event->restricted->device.len == ID_BYTES &&
            memcmp(event->restricted->device.data, id->bytes, ID_BYTES) == 0) {
            devices->seen_ms[i] = event->open->time_ms;
        }
    }
    return true;
}

/* Of one's own devices the own part of the access log tells it: each login leaves a line with its
 * device. It is the server's word, as every line that was not proved. */
static int ask_seen(struct cli *cli, struct devices *devices)
{
    const struct query_terms terms = {.scope = ACTION_LOG_OWN,
                                      .action = ACTION_LOGIN,
                                      .outcome = OUTCOME_OK,
                                      .limit = LOGINS_MAX};
    uint64_t ticket = 0;
    enum status status = query_ask(host_engine(cli->host), &terms, &ticket);
    struct engine_ticket info = {0};
    if (status == STATUS_OK) {
        status = host_answer(cli->host, ticket, CLI_TIMEOUT_MS);
        engine_ticket(host_engine(cli->host), ticket, &info);
    }
    if (status == STATUS_OK) {
        status = info.wish == ENGINE_WISH_DONE
                     ? query_events(host_engine(cli->host), ticket, take_login, devices)
                     : info.status;
    }
    query_drop(host_engine(cli->host), ticket);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_LOG_READ, status);
}

static void show_device(struct cli *cli, cJSON *array, const struct view_device *device,
                        uint64_t seen_ms)
{
    print_row(
        cli, array,
        (const struct print_field[]){
            {"device", PRINT_ID, .span = ID_SPAN(&device->device), .before = ""},
            {"statement", PRINT_ID, .span = ID_SPAN(&device->statement)},
            {"name", PRINT_TEXT, .span = print_span(device->name), .before = "  ", .columns = -20},
            {"added_ms", PRINT_NUMBER, .number = device->added_ms},
            {NULL, PRINT_TIME, .number = device->added_ms, .before = "  added "},
            {"seen_ms", PRINT_NUMBER, .number = seen_ms},
            {NULL, PRINT_TIME, .number = seen_ms, .before = "  last login "},
            {"this", PRINT_BOOL, .number = device->own, .before = "  this one"},
            {"first", PRINT_BOOL, .number = device->first, .before = "  adds devices"},
            {"revoked", PRINT_BOOL, .number = device->revoked, .before = "  (revoked"},
            {"revoked_ms", PRINT_NUMBER, .number = device->revoked_ms},
            {NULL, PRINT_TIME, .number = device->revoked_ms, .before = " "},
            {NULL, PRINT_BOOL, .number = device->revoked, .before = ")"}},
        13);
}

static int run_list(struct cli *cli, const void *given)
{
    const struct device_values *values = given;
    struct member_id member;
    int code = device_whose(cli, values->member, &member);
    if (code != CLI_OK) {
        return code;
    }
    struct devices devices = {.count = 0};
    view_devices(host_engine(cli->host), &member, take_device, &devices);
    if (values->seen && cli->stale) {
        cli_warn(cli, "when devices were last seen stands on the server alone, and is left out");
    } else if (values->seen) {
        code = ask_seen(cli, &devices);
    }
    cJSON *array = cli->json ? cJSON_CreateArray() : NULL;
    bool frozen = false;
    for (size_t i = 0; i < devices.count && code == CLI_OK; i++) {
        show_device(cli, array, &devices.items[i], devices.seen_ms[i]);
        frozen |= devices.items[i].first && devices.items[i].revoked;
    }
    if (code != CLI_OK) {
        cJSON_Delete(array);
        return code;
    }
    if (cli->json) {
        print_json(cli, array);
    } else if (frozen) {
        pair_say(cli,
                 "The device that adds others is revoked: no device can be added to this account "
                 "any more.");
    }
    return CLI_OK;
}

static const char *check_list(const void *given)
{
    const struct device_values *values = given;
    return values->seen && values->member != NULL ? "when another person's devices were seen is "
                                                    "not told to you; --seen is for your own"
                                                  : NULL;
}

/* ---- one of them */

static const char *check_name(const void *given)
{
    const struct device_values *values = given;
    return ids_name_flaw(values->name);
}

static int run_name(struct cli *cli, const void *given)
{
    const struct device_values *values = given;
    struct member_id member;
    int code = device_whose(cli, values->member, &member);
    struct view_device device;
    if (code == CLI_OK) {
        code = device_find(cli, values->device, &member, &device);
    }
    if (code != CLI_OK) {
        return code;
    }
    enum status status =
        act_pair_named(host_engine(cli->host), &device.statement, print_span(values->name));
    return status != STATUS_OK
               ? cli_fail(cli, SAY_NAME, status)
               : print_answer(
                     cli,
                     (const struct print_field[]){
                         {"device", PRINT_ID, .span = ID_SPAN(&device.device)},
                         {"name", PRINT_TEXT, .span = print_span(values->name)}},
                     2, "This device calls it %s now; your other devices keep their own names.",
                     values->name);
}

static const struct option LIST_OPTIONS[] = {
    {"--member", OPTION_TEXT, offsetof(struct device_values, member), "MEMBER",
     "another person's devices, as an admin", NULL},
    {"--seen", OPTION_FLAG, offsetof(struct device_values, seen), NULL,
     "with the last login of each, by the server's log", NULL},
};
static const struct option NAME_OPTIONS[] = {
    {"DEVICE", OPTION_TEXT, offsetof(struct device_values, device), NULL,
     "its name, or the first digits of its id", &option_required},
    {"NAME", OPTION_TEXT, offsetof(struct device_values, name), NULL, "what to call it",
     &option_required},
};
static const struct option_table DEVICE_LIST = {LIST_OPTIONS, ARRAY_LEN(LIST_OPTIONS),
                                                sizeof(struct device_values)};
static const struct option_table DEVICE_NAME = {NAME_OPTIONS, ARRAY_LEN(NAME_OPTIONS),
                                                sizeof(struct device_values)};
static const struct command COMMANDS[] = {
    {"device list", "list your devices", COMMAND_NEEDS_LOOK, COMMAND_READS, &DEVICE_LIST,
     check_list, NULL, NULL, run_list},
    {"device name", "say what you call a device of yours, here", COMMAND_NEEDS_LOOK,
     COMMAND_ANYWHERE, &DEVICE_NAME, check_name, NULL, NULL, run_name},
};
const struct command_list cmd_device = {COMMANDS, ARRAY_LEN(COMMANDS)};
