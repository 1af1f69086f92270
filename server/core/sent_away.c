#include "server/core/sent_away.h"

#include "server/core/internal.h"

#define MINUTE_MS 60000u

/* A device of which nothing was heard for a whole minute makes room for another. */
static bool is_free(const struct sent_away *device, uint64_t minute)
{
    return device->device_local == 0 || (device->asks == 0 && device->minute != minute);
}

static void count(struct sent_away *device, const struct core_ask *ask, uint64_t minute)
{
    device->minute = device->asks == 0 ? minute : device->minute;
    device->asks++;
    memcpy(device->source, ask->source, CORE_SOURCE_BYTES);
}

bool sent_away_is_news(struct core *core, const struct core_ask *ask, const struct core_peer *peer,
                       enum status why)
{
    uint64_t minute = core->clock_ms / MINUTE_MS;
    struct sent_away *place = NULL;
    for (size_t i = 0; i < SENT_AWAY_DEVICES_MAX; i++) {
        struct sent_away *device = &core->counts.sent_away[i];
        if (!is_free(device, minute) && device->device_local == peer->device_local &&
            device->why == why) {
            count(device, ask, minute);
            return false;
        }
        if (place == NULL && is_free(device, minute)) {
            place = device;
        }
    }
    if (place == NULL) {
        count(&core->counts.sent_away[SENT_AWAY_DEVICES_MAX], ask, minute);
        return false;
    }
    *place = (struct sent_away){.member_local = peer->member_local,
                                .device_local = peer->device_local,
                                .why = why,
                                .minute = minute};
    return true;
}

bool sent_away_due(const struct core *core, uint64_t now_ms)
{
    uint64_t minute = now_ms / MINUTE_MS;
    for (size_t i = 0; i < ARRAY_LEN(core->counts.sent_away); i++) {
        const struct sent_away *device = &core->counts.sent_away[i];
        if (device->asks > 0 && device->minute != minute) {
            return true;
        }
    }
    return false;
}

bool sent_away_any(const struct core *core)
{
    return sent_away_due(core, UINT64_MAX);
}

static enum status write_line(struct core *core, struct txn *txn, const struct sent_away *device)
{
    struct event_draft draft = {.action = ACTION_LOGIN_REFUSED,
                                .outcome = OUTCOME_REFUSED,
                                .reason = device->device_local == 0 ? STATUS_REFUSED : device->why,
                                .count = device->asks};
    struct core_peer peer;
    memset(&peer, 0, sizeof peer);
    struct core_ask ask = {.peer = NULL};
    memcpy(ask.source, device->source, CORE_SOURCE_BYTES);
    enum status status = STATUS_OK;
    if (device->device_local != 0) {
        peer.member_local = device->member_local;
        peer.device_local = device->device_local;
        ask.peer = &peer;
        status = names_id(txn, SCHEMA_ID_MEMBER, device->member_local, peer.member.bytes);
        if (status == STATUS_OK) {
            status = names_id(txn, SCHEMA_ID_DEVICE, device->device_local, peer.device.bytes);
        }
        const struct authority_member *member = authority_member(core->authority, &peer.member);
        peer.role = member == NULL ? 0 : member->role;
    }
    struct event_written written;
    return status == STATUS_OK ? event_write(core, txn, &ask, &draft, &written) : status;
}

enum status sent_away_flush(struct core *core, struct txn *txn, uint64_t now_ms, bool all)
{
    uint64_t minute = now_ms / MINUTE_MS;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(core->counts.sent_away) && status == STATUS_OK; i++) {
        struct sent_away *device = &core->counts.sent_away[i];
        if (device->asks > 0 && (all || device->minute != minute)) {
            status = write_line(core, txn, device);
            device->asks = 0;
            device->minute = minute;
        }
    }
    return status;
}
