#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
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
    struct cli *cli = devices->cli;

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "device", ID_SPAN(&device->device));
        print_add_id(object, "statement", ID_SPAN(&device->statement));
        (void)cJSON_AddBoolToObject(object, "this", device->own);
        (void)cJSON_AddBoolToObject(object, "first", device->first);
        (void)cJSON_AddBoolToObject(object, "revoked", device->revoked);
        (void)cJSON_AddItemToArray(devices->array, object);
        return true;
    }
    print_short(cli, ID_SPAN(&device->device));
    (void)fprintf(cli->out, "%s%s%s\n", device->first ? "  first" : "",
                  device->own ? "  this one" : "", device->revoked ? "  (revoked)" : "");
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

static int device_list(struct cli *cli, const struct member_id *member)
{
    struct devices devices = {.cli = cli, .array = cli->json ? cJSON_CreateArray() : NULL};

    view_devices(host_engine(cli->host), member, show_device, &devices);
    if (cli->json) {
        print_json(cli, devices.array);
    }
    return CLI_OK;
}

static int device_revoke(struct cli *cli, const struct member_id *member, const char *word)
{
    struct devices devices = {.cli = cli};
    struct hex_prefix prefix;
    uint64_t ticket = 0;
    enum status status;

    if (strlen(word) < 4 || hex_prefix_parse(span_of(word, strlen(word)), &prefix) != STATUS_OK) {
        (void)fprintf(cli->err, "alcove: a device is called by at least four digits of its id; "
                                "see `alcove device list`\n");
        return CLI_USAGE;
    }
    devices.prefix = &prefix;
    view_devices(host_engine(cli->host), member, find_device, &devices);
    if (devices.found != 1) {
        (void)fprintf(cli->err, "alcove: %s device begins so; nothing was revoked\n",
                      devices.found == 0 ? "no" : "more than one");
        return devices.found == 0 ? CLI_NOT_FOUND : CLI_USAGE;
    }
    if (devices.device.own) {
        (void)fprintf(cli->err, "alcove: that is the device you are at; revoke it from another\n");
        return CLI_REFUSED;
    }
    status = act_device_revoke(host_engine(cli->host), member, &devices.device.statement,
                               clock_now_ms(), &ticket);
    return cli_tell_statement(cli, status, &ticket,
                              "Revoked: it can no longer connect, and keys move on with the next "
                              "note.\nWhat it has already read stays readable to who holds it.");
}

int cmd_device(struct cli *cli, int argc, char **argv)
{
    const char *of = NULL;
    const struct args_option options[] = {{.name = "--member", .value = &of}};
    struct engine_state state;
    struct view_member other;
    struct member_id member;
    const char *words[2];
    const char *wrong = NULL;
    size_t count = 0;
    bool list;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong)) {
        return cli_usage(cli, "device", wrong);
    }
    list = count == 1 && strcmp(words[0], "list") == 0;
    if (!list && !(count == 2 && strcmp(words[0], "revoke") == 0)) {
        return cli_usage(cli, "device", NULL);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    engine_state(host_engine(cli->host), &state);
    member = state.member;
    if (of != NULL) {
        code = ids_member(cli, of, &other);
        member = other.member;
    }
    if (code != CLI_OK) {
        return code;
    }
    return list ? device_list(cli, &member) : device_revoke(cli, &member, words[1]);
}
