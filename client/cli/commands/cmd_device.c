#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/going.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/statement.h"
#include "client/engine/api/act.h"
#include "keys/public/bytes/hex.h"

/* Devices of one member, for showing or for finding one by the beginning of its id. */
struct devices {
    struct cli *cli;
    cJSON *array;
    const struct hex_prefix *prefix;
    size_t found;
    struct view_device device;
};

static bool show_device(void *visitor, const struct view_device *device)
{
    struct devices *devices = visitor;
    print_row(devices->cli, devices->array,
              (const struct print_field[]){
                  {"device", PRINT_ID, .span = ID_SPAN(&device->device), .before = ""},
                  {"statement", PRINT_ID, .span = ID_SPAN(&device->statement)},
                  {"this", PRINT_BOOL, .number = device->own, .before = "  this one"},
                  {"first", PRINT_BOOL, .number = device->first, .before = "  first"},
                  {"revoked", PRINT_BOOL, .number = device->revoked, .before = "  (revoked)"}},
              5);
    return true;
}

static bool find_device(void *visitor, const struct view_device *device)
{
    struct devices *devices = visitor;
    if (hex_prefix_matches(devices->prefix, ID_SPAN(&device->device)) ||
        hex_prefix_matches(devices->prefix, ID_SPAN(&device->statement))) {
        devices->found++;
        devices->device = *device;
    }
    return true;
}

struct device_values {
    const char *device;
    const char *member; /* NULL: oneself */
    bool yes;
};

static int whose(struct cli *cli, const struct device_values *values, struct member_id *out_member)
{
    struct engine_state state;
    if (values->member == NULL) {
        engine_state(host_engine(cli->host), &state);
        *out_member = state.member;
        return CLI_OK;
    }
    struct view_member other;
    int code = ids_member(cli, values->member, &other);
    *out_member = other.member;
    return code;
}

static int run_list(struct cli *cli, const void *values)
{
    struct devices devices = {.cli = cli};
    struct member_id member;
    int code = whose(cli, values, &member);
    if (code != CLI_OK) {
        return code;
    }
    devices.array = cli->json ? cJSON_CreateArray() : NULL;
    view_devices(host_engine(cli->host), &member, show_device, &devices);
    if (cli->json) {
        print_json(cli, devices.array);
    }
    return CLI_OK;
}

static int run_revoke(struct cli *cli, const void *given)
{
    const struct device_values *values = given;
    struct span word = span_of(values->device, strlen(values->device));
    struct devices devices = {.cli = cli};
    struct member_id member;
    int code = whose(cli, values, &member);
    if (code != CLI_OK) {
        return code;
    }
    struct hex_prefix prefix;
    if (word.size < 4 || hex_prefix_parse(word, &prefix) != STATUS_OK) {
        return cli_error(cli, CLI_USAGE,
                         "a device is called by at least four digits of its id; see `alcove device "
                         "list`");
    }
    devices.prefix = &prefix;
    view_devices(host_engine(cli->host), &member, find_device, &devices);
    if (devices.found != 1) {
        return cli_error(cli, devices.found == 0 ? CLI_NOT_FOUND : CLI_USAGE,
                         "%s device begins so; nothing was revoked",
                         devices.found == 0 ? "no" : "more than one");
    }
    if (devices.device.own) {
        return cli_error(cli, CLI_REFUSED,
                         "this is the device that you are using; revoke it from another");
    }
    struct view_member whose_device;
    if (view_member(host_engine(cli->host), &member, &whose_device) == STATUS_OK &&
        whose_device.devices == 1 && !devices.device.revoked) {
        code = going_judge(cli, &whose_device, "loses this device, their last", values->yes);
        if (code != CLI_OK) {
            return code;
        }
    }
    uint64_t ticket = 0;
    enum status status = act_device_revoke(host_engine(cli->host), &member,
                                           &devices.device.statement, clock_now_ms(), &ticket);
    return statement_tell(cli, SAY_STATEMENT, status, ticket,
                          &(const struct statement_words){
                              "Revoked: it can no longer connect, and keys move on with the next "
                              "note.\nWhat it has already read stays readable to whoever holds it.",
                              NULL, "whoever holds the device can still connect, read and write"});
}

static const struct option OPTIONS[] = {
    {"--member", OPTION_TEXT, offsetof(struct device_values, member), "MEMBER",
     "another person's devices, as an admin", NULL},
    {"DEVICE", OPTION_TEXT, offsetof(struct device_values, device), NULL,
     "the first digits of its id", &option_required},
    {"--yes", OPTION_FLAG, offsetof(struct device_values, yes), NULL,
     "revoke it although sections are left without an owner", NULL},
};
static const struct option_table DEVICE_LIST = {OPTIONS, 1, sizeof(struct device_values)};
static const struct option_table DEVICE_REVOKE = {OPTIONS, ARRAY_LEN(OPTIONS),
                                                  sizeof(struct device_values)};

static const struct command COMMANDS[] = {
    {"device list", "list your devices", COMMAND_NEEDS_LOOK, COMMAND_READS, &DEVICE_LIST, NULL,
     NULL, NULL, run_list},
    {"device revoke", "end a device's access", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE,
     &DEVICE_REVOKE, NULL, NULL, NULL, run_revoke},
};
const struct command_list cmd_device = {COMMANDS, ARRAY_LEN(COMMANDS)};
