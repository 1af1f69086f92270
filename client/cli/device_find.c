#include "client/cli/device_find.h"

#include "client/cli/ids.h"
#include "client/cli/ids_search.h"

int device_whose(struct cli *cli, const char *word, struct member_id *out_member)
{
    struct engine_state state;
    if (word == NULL) {
        engine_state(host_engine(cli->host), &state);
        *out_member = state.member;
        return CLI_OK;
    }
    struct view_member other;
    int code = ids_member(cli, word, &other);
    *out_member = other.member;
    return code;
}

struct search {
    struct ids_search search;
    struct view_device *out;
};

static bool fits(void *visitor, const struct view_device *device)
{
    struct search *search = visitor;
    const char *name = device->revoked || device->name[0] == '\0' ? NULL : device->name;
    if (ids_search_fits(&search->search, ID_SPAN(&device->device), name) ||
        ids_search_fits(&search->search, ID_SPAN(&device->statement), NULL)) {
        search->search.found++;
        *search->out = *device;
        ids_search_add(&search->search, ID_SPAN(&device->device), "device", device->name,
                       device->revoked ? " (revoked)"
                       : device->own   ? " (this one)"
                                       : "");
    }
    return true;
}

int device_find(struct cli *cli, const char *word, const struct member_id *member,
                struct view_device *out)
{
    struct search search = {.out = out};
    ids_search_init(&search.search, cli, word);
    do {
        view_devices(host_engine(cli->host), member, fits, &search);
    } while (ids_search_again(&search.search));
    return ids_search_verdict(&search.search, "device");
}
