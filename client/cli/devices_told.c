#include "client/cli/devices_told.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/act_pair.h"
#include "client/engine/api/view.h"

#include <stdlib.h>

#define DEVICES_MAX MEMBER_DEVICES_MAX

struct telling {
    struct view_device news[DEVICES_MAX];
    size_t count;
};

static bool find_news(void *visitor, const struct view_device *device)
{
    struct telling *telling = visitor;
    if (!device->own && !device->told && telling->count < DEVICES_MAX) {
        telling->news[telling->count++] = *device;
    }
    return true;
}

static void tell(struct cli *cli, const struct view_device *device)
{
    char digits[PRINT_DIGITS_BYTES];
    print_digits(ID_SPAN(&device->device), digits);
    struct cli to = *cli;
    char *when = NULL;
    size_t size = 0;
    to.out = open_memstream(&when, &size);
    CHECK(to.out != NULL);
    print_time(&to, device->added_ms);
    CHECK(fclose(to.out) == 0);
    if (device->revoked) {
        cli_warn(cli, "a device was added to your account on %s (%s), and is revoked since.", when,
                 digits);
    } else {
        cli_warn(
            cli,
            "A DEVICE WAS ADDED to your account on %s (%s). It can read what you can. If you did "
            "not add it: `alcove device revoke %s`, and tell your practice.",
            when, digits, digits);
    }
    free(when);
}

void devices_told(struct cli *cli)
{
    if (cli->host == NULL || !engine_synced_once(host_engine(cli->host))) {
        return;
    }
    struct engine *engine = host_engine(cli->host);
    struct engine_state state;
    engine_state(engine, &state);
    struct telling telling = {.count = 0};
    view_devices(engine, &state.member, find_news, &telling);
    for (size_t i = 0; i < telling.count; i++) {
        tell(cli, &telling.news[i]);
        /* What cannot be kept is told once more. */
        (void)!act_pair_named(engine, &telling.news[i].statement, span_of(NULL, 0));
    }
}
