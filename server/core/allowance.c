#include "server/core/allowance.h"

#include "keys/public/bytes/array.h"
#include "server/core/peer.h"

#define HOUR_US UINT64_C(3600000000)

struct account {
    uint64_t owed_us; /* what the lines cost that were left and are not made up for */
    uint64_t at_us;   /* as it was then */
};

/* By local number. */
struct accounts {
    struct account *of;
    size_t room;
};

struct allowances {
    uint64_t line_us; /* what a line costs; 0: nothing */
    struct accounts members;
    struct accounts devices;
};

enum status allowances_new(uint32_t lines_per_hour, struct allowances **out_allowances)
{
    struct allowances *allowances = calloc(1, sizeof *allowances);
    if (allowances == NULL) {
        return STATUS_NO_MEMORY;
    }
    allowances_change(allowances, lines_per_hour);
    *out_allowances = allowances;
    return STATUS_OK;
}

void allowances_change(struct allowances *allowances, uint32_t lines_per_hour)
{
    allowances->line_us = lines_per_hour == 0 ? 0 : HOUR_US / lines_per_hour;
}

void allowances_free(struct allowances *allowances)
{
    if (allowances != NULL) {
        free(allowances->members.of);
        free(allowances->devices.of);
        free(allowances);
    }
}

/* What time has made up for. A clock that was set back makes up for nothing and goes on from there. */
static uint64_t owed_us(struct accounts *accounts, uint32_t local, uint64_t now_us)
{
    if (local >= accounts->room) {
        return 0;
    }
    struct account *account = &accounts->of[local];
    uint64_t passed_us = now_us > account->at_us ? now_us - account->at_us : 0;
    account->owed_us -= passed_us < account->owed_us ? passed_us : account->owed_us;
    account->at_us = now_us;
    return account->owed_us;
}

bool allowance_left(struct allowances *allowances, const struct core_peer *peer,
                    enum allowance_use use, uint64_t now_ms)
{
    uint64_t most_us = use == ALLOWANCE_CHANGE ? HOUR_US : HOUR_US / 10u * 9u;
    return owed_us(&allowances->members, peer->member_local, now_ms * 1000u) < most_us &&
           owed_us(&allowances->devices, peer->device_local, now_ms * 1000u) < most_us / 4u * 3u;
}

static enum status charge(struct accounts *accounts, uint32_t local, uint64_t cost_us,
                          uint64_t now_us)
{
    size_t before = accounts->room;
    if (array_grow(&accounts->of, &accounts->room, (size_t)local + 1, sizeof *accounts->of) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    memset(accounts->of + before, 0, (accounts->room - before) * sizeof *accounts->of);
    accounts->of[local].owed_us = owed_us(accounts, local, now_us) + cost_us;
    return STATUS_OK;
}

enum status allowance_take(struct allowances *allowances, const struct core_peer *peer,
                           uint64_t lines, uint64_t now_ms)
{
    if (allowances->line_us == 0 || lines == 0) {
        return STATUS_OK;
    }
    enum status status = charge(&allowances->members, peer->member_local,
                                lines * allowances->line_us, now_ms * 1000u);
    return status == STATUS_OK ? charge(&allowances->devices, peer->device_local,
                                        lines * allowances->line_us, now_ms * 1000u)
                               : status;
}
