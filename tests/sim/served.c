#include "tests/sim/served.h"

#include "proto/words.h"
#include "server/store/events.h"
#include "server/store/ledger.h"
#include "tests/sim/disk.h"
#include "tests/sim/world.h"
#include "tests/support/test.h"

#define ANSWERS_MAX 4096u
#define NO_EVENT    UINT64_MAX

/* How many events a request must have, at least and at most, and whose they are. */
struct due {
    uint32_t op;
    enum status status;
    uint64_t event;
    struct member_id member;
    struct device_id device;
    uint64_t least, most;
};

static struct {
    uint64_t size;         /* of the log, before the turn */
    uint64_t acknowledged; /* events, as an answer named the last */
    struct due due[ANSWERS_MAX];
    size_t count;
} served;

uint64_t served_events(struct world *world)
{
    struct txn *txn = NULL;
    OK(db_begin_read(world->server.db, &txn));
    uint64_t size = ledger_size(txn, LEDGER_EVENTS);
    db_abort(txn);
    return size;
}

void served_start(struct world *world)
{
    served.count = 0;
    served.size = served_events(world);
    if (served.size < served.acknowledged) {
        world_fail(world, "event %llu was acknowledged and is lost",
                   (unsigned long long)served.acknowledged - 1);
    }
}

/* PROTOCOL.md, section 6, "leaves an event". */
static void most_and_least(const struct run_request *request, struct due *due)
{
    const struct core_answer *answer = &request->answer;
    const ProtobufCMessage *message = request->ask.message;
    bool done = answer->status == STATUS_OK;
    due->least = due->most = 1;
    switch (due->op) {
    case CORE_OP_LOGIN: /* of who is known and may not be in, the first */
        due->least = done ? 1 : 0;
        due->most = answer->status == STATUS_REFUSED ? 0 : 1;
        return;
    case OP_BUNDLE:
        due->least = due->most = 0;
        return;
    case OP_ENROL:
        due->least = due->most = done ? 1 : 0;
        return;
    case OP_SUBMIT: {
        const Alcove__SubmitAsk *submit = (const Alcove__SubmitAsk *)(const void *)message;
        if (done && answer->event >= served.size) { /* else a retry, which stores nothing */
            due->least = submit->n_statement + submit->n_revision;
            due->most = submit->n_statement > 0 ? UINT64_MAX : due->least; /* echoes */
        }
        return;
    }
    case OP_PAGE:
        due->least = due->most = done && !answer->chunks ? 0 : 1;
        return;
    case OP_OPENED:
        return;
    case OP_EVENTS:
        due->least = done && ((const Alcove__EventsAsk *)(const void *)message)->after > 0 ? 0 : 1;
        return;
    case OP_EVENT_LEAVES:
        due->least =
            done && ((const Alcove__EventLeavesAsk *)(const void *)message)->from > 0 ? 0 : 1;
        return;
    default:
        due->least = due->most = done ? 0 : 1;
        return;
    }
}

static void check_durable(struct world *world, const struct due *due,
                          const struct core_checkpoints *heads)
{
    if (due->event == NO_EVENT) {
        return;
    }
    if (disk_unsafe() > 0) {
        world_fail(world, "the answer to a request of kind %u leaves, and its event does not last",
                   due->op);
    }
    if (served_events(world) <= due->event || heads->events_size <= due->event) {
        world_fail(world, "the answer to a request of kind %u leaves before its event is %s",
                   due->op, heads->events_size <= due->event ? "signed" : "written");
    }
    served.acknowledged = due->event >= served.acknowledged ? due->event + 1 : served.acknowledged;
}

void served_answer(struct world *world, const struct run_request *request,
                   const struct core_checkpoints *heads)
{
    const struct core_answer *answer = &request->answer;
    if (disk.dead || answer->event == NO_EVENT) {
        return;
    }
    CHECK(served.count < ANSWERS_MAX);
    struct due *due = &served.due[served.count++];
    *due = (struct due){request->ask.op, answer->status, answer->event, .least = 0};
    const struct core_peer *peer = request->ask.peer;
    bool known = peer != NULL;
    if (peer == NULL) {
        peer = &answer->peer;
    }
    due->member = peer->member;
    due->device = peer->device;
    most_and_least(request, due);
    if (known && answer->close && answer->status == STATUS_REFUSED) {
        due->least = 0; /* they are out: the first leaves an event, the rest is counted */
        due->most = 1;
    }
    if (due->event == NO_EVENT && disk.faulty &&
        (due->status == STATUS_FULL || due->status == STATUS_UNAVAILABLE)) {
        due->least = due->most = 0; /* nothing could be written down, so nothing was done */
    }
    if ((due->event == NO_EVENT) != (due->most == 0) && due->least == due->most) {
        world_fail(world, "a request of kind %u that ended with %s names %s event", due->op,
                   status_name(due->status), due->event == NO_EVENT ? "no" : "an");
    }
    check_durable(world, due, heads);
    world->checks++;
}

struct line {
    uint32_t action, outcome;
    struct member_id actor;
    struct device_id device;
    bool by_server;
};

static struct line read_line(struct txn *txn, uint64_t seq)
{
    struct event_stored stored;
    OK(events_get(txn, seq, &stored));
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__event_open__descriptor, stored.open, &arena, &message));
    const Alcove__EventOpen *open = (const Alcove__EventOpen *)(const void *)message;
    struct line line = {.action = open->action, .outcome = open->outcome};
    line.by_server = open->action == ACTION_GRANT_ENDED || open->action == ACTION_LOGIN_REFUSED;
    (void)!field_required(open->actor, line.actor.bytes, ID_BYTES);
    OK(message_decode(&alcove__event_restricted__descriptor, stored.restricted, &arena, &message));
    const Alcove__EventRestricted *restricted =
        (const Alcove__EventRestricted *)(const void *)message;
    (void)!field_required(restricted->device, line.device.bytes, ID_BYTES);
    arena_free(&arena);
    return line;
}

static bool belongs(const struct due *due, const struct line *line)
{
    bool fine = due->status == STATUS_OK || due->status == STATUS_ALREADY;
    return ID_EQUAL(&line->actor, &due->member) && ID_EQUAL(&line->device, &due->device) &&
           (line->outcome == OUTCOME_OK) == fine;
}

/* The last event of the first request behind |i| that has any. */
static uint64_t next_event(size_t i)
{
    for (size_t next = i + 1; next < served.count; next++) {
        if (served.due[next].event != NO_EVENT) {
            return served.due[next].event;
        }
    }
    return NO_EVENT;
}

/* Events stand in the order of the requests; what the server says of its own stands anywhere. */
void served_end(struct world *world)
{
    struct txn *txn = NULL;
    OK(db_begin_read(world->server.db, &txn));
    uint64_t end = ledger_size(txn, LEDGER_EVENTS);
    uint64_t at = served.size;
    for (size_t i = 0; i < served.count; i++) {
        const struct due *due = &served.due[i];
        uint64_t most = due->most == UINT64_MAX && due->event < at ? due->least : due->most;
        uint64_t wanted = due->event == NO_EVENT ? 0 : most;
        struct line line;
        uint64_t count = 0;
        while (at < end && count < wanted) {
            line = read_line(txn, at);
            if (line.by_server) {
                at++;
                continue;
            }
            /* Echoes follow the thing that they are of; the next request's events do not. */
            bool echo = count >= due->least && due->most == UINT64_MAX;
            if (!belongs(due, &line) || (echo && at > due->event && line.action == ACTION_NONE)) {
                break;
            }
            count++;
            at++;
            if (due->most == UINT64_MAX && at > due->event && next_event(i) == at) {
                break;
            }
        }
        if (count < due->least && due->event != NO_EVENT) {
            world_fail(world, "a request of kind %u that ended with %s has %llu events, not %llu",
                       due->op, status_name(due->status), (unsigned long long)count,
                       (unsigned long long)due->least);
        }
    }
    while (at < end && read_line(txn, at).by_server) {
        at++;
    }
    if (at < end) {
        struct line line = read_line(txn, at);
        world_fail(world, "event %llu (action %u) belongs to no request", (unsigned long long)at,
                   line.action);
    }
    db_abort(txn);
    served.size = end;
    served.count = 0;
}
