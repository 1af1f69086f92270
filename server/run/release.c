#include "server/run/release.h"

#include "server/log/log.h"
#include "server/run/effects.h"
#include "server/run/heads.h"
#include "server/run/queue.h"
#include "server/run/roll.h"
#include "server/run/signer_link.h"

#include <time.h>

/* How long a server that ends waits for a signer that is away. */
#define END_MS 5000u

/* The disk or the database failed: what it holds can no longer be known from here, so
 * nothing is answered and the supervisor starts anew from what is durable. */
enum status release_give_up(enum status status, const char *what)
{
    log_line(LOG_LEVEL_ERROR, "%s failed (%s); stopping without answering what was not durable",
             what, status_name(status));
    return status;
}

uint64_t release_steady_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

void release_fail_request(struct run_request *request, enum status status)
{
    core_answer_clear(&request->answer);
    request->answer.event = UINT64_MAX;
    request->answer.status = status == STATUS_FULL ? STATUS_FULL : STATUS_UNAVAILABLE;
}

/* Enters new logins and subscriptions, before effects of the same batch can end either. */
static void note_guest(struct release *release, struct run_request *request)
{
    struct core_answer *answer = &request->answer;
    if (request->closed) {
        roll_leave(release->roll, request->guest);
        return;
    }
    if (answer->login) {
        roll_enter(release->roll, request->guest, &answer->peer);
    }
    if (answer->subscribe) {
        uint32_t *sections = answer->sections;
        answer->sections = NULL;
        if (roll_subscribe(release->roll, request->guest, sections, answer->section_count) !=
            STATUS_OK) {
            answer->status = STATUS_UNAVAILABLE;
        }
    }
}

void release_drop(struct run_request *list)
{
    while (list != NULL) {
        struct run_request *request = list;
        list = list->next;
        run_request_free(request);
    }
}

static void let_go(struct release *release, struct run_request *list)
{
    struct run_checkpoints *heads = heads_now(release->heads);
    for (struct run_request *r = list; r != NULL; r = r->next) {
        note_guest(release, r);
    }
    effects_end_access(release->core, release->roll, &release->output);
    for (struct run_request *r = list; r != NULL; r = r->next) {
        if (!r->closed) {
            release->output.answer(release->output.state, r, heads);
        }
    }
    effects_push(release->core, release->roll, &release->output, heads);
    core_effects_clear(release->core);
    run_checkpoints_drop(heads);
    release_drop(list);
}

static bool is_away(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_FULL;
}

enum status release_list(struct release *release, struct run_request *list)
{
    enum status status = heads_sign(release->heads);
    if (status == STATUS_UNAVAILABLE) {
        /* A signer that has ended is started, or connected to, by the next question. */
        status = heads_sign(release->heads);
    }
    if (is_away(status)) {
        release->waits = true;
        release->held = list;
        release->shut_ms = 0;
        log_line(LOG_LEVEL_ERROR,
                 "the log signer %s; nothing is acknowledged and requests are told to come back "
                 "later, until it answers",
                 status == STATUS_FULL ? "cannot save: its disk is full"
                                       : "does not answer, or cannot save");
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        release_drop(list);
        return release_give_up(status, "signing the logs");
    }
    let_go(release, list);
    return STATUS_OK;
}

bool release_waits(const struct release *release)
{
    return release->waits;
}

/* Whether it is of no use to wait on. */
static bool is_late(struct release *release)
{
    if (!queue_is_shut(release->queue)) {
        return signer_link_lost(release->signer);
    }
    const uint64_t now_ms = release_steady_ms();
    release->shut_ms = release->shut_ms == 0 ? now_ms : release->shut_ms;
    return now_ms - release->shut_ms > END_MS;
}

enum status release_again(struct release *release)
{
    const enum status status = heads_sign(release->heads);
    if (is_away(status) && !is_late(release)) {
        return STATUS_OK;
    }
    if (status != STATUS_OK) {
        return release_give_up(status, "signing the logs");
    }
    log_line(LOG_LEVEL_NOTICE, "the log signer is back: what waited for it is acknowledged");
    struct run_request *list = release->held;
    release->waits = false;
    release->held = NULL;
    let_go(release, list);
    return STATUS_OK;
}

/* The end of what is held, if something of |guest| is; else NULL. */
static struct run_request **end_of_held(struct release *release, const struct guest *guest)
{
    struct run_request **at = &release->held;
    bool found = false;
    for (; *at != NULL; at = &(*at)->next) {
        found = found || (*at)->guest == guest;
    }
    return found ? at : NULL;
}

void release_refuse(struct release *release, struct run_request *list)
{
    struct run_checkpoints *heads = heads_now(release->heads);
    while (list != NULL) {
        struct run_request *request = list;
        list = list->next;
        request->next = NULL;
        /* Whoever is gone leaves the roll, but not before a login of theirs that is held enters. */
        struct run_request **end = request->closed ? end_of_held(release, request->guest) : NULL;
        if (end != NULL) {
            *end = request;
            continue;
        }
        if (request->closed) {
            note_guest(release, request);
        } else {
            release_fail_request(request, STATUS_UNAVAILABLE);
            release->output.answer(release->output.state, request, heads);
        }
        run_request_free(request);
    }
    run_checkpoints_drop(heads);
}
