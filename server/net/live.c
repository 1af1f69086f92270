#include "server/net/live.h"

#include "server/net/thread.h"
#include "server/net/tls.h"

static void free_origins(struct net_live *live)
{
    for (size_t i = 0; i < live->origin_count; i++) {
        free(live->origins[i]);
    }
}

enum status live_new(const struct net_options *options, struct net_identity *identity,
                     struct net_live **out_live)
{
    struct net_live *live =
        calloc(1, sizeof *live + options->origin_count * sizeof live->origins[0]);
    if (live == NULL) {
        return STATUS_NO_MEMORY;
    }
    while (live->origin_count < options->origin_count) {
        char *origin = strdup(options->origins[live->origin_count]);
        if (origin == NULL) {
            free_origins(live);
            free(live);
            return STATUS_NO_MEMORY;
        }
        live->origins[live->origin_count++] = origin;
    }
    atomic_init(&live->references, 1);
    live->owed_max = options->owed_max;
    live->login_timeout_ms = options->login_timeout_ms;
    live->message_timeout_ms = options->message_timeout_ms;
    live->ping_after_ms = options->ping_after_ms;
    live->identity = identity;
    *out_live = live;
    return STATUS_OK;
}

void live_drop(struct net_live *live)
{
    if (live != NULL && atomic_fetch_sub(&live->references, 1) == 1) {
        free_origins(live);
        net_identity_free(live->identity);
        free(live);
    }
}

void live_leave(struct net_thread *thread, struct net_live *live)
{
    (void)atomic_fetch_add(&live->references, 1);
    /* One that nobody took in yet is passed over. */
    live_drop(atomic_exchange(&thread->next_live, live));
}

bool live_take(struct net_thread *thread)
{
    struct net_live *next = atomic_exchange(&thread->next_live, NULL);
    if (next == NULL) {
        return true;
    }
    live_drop(thread->live);
    thread->live = next;
    return next->identity == NULL ||
           tls_server_identity(thread->tls_context, next->identity) == STATUS_OK;
}

void live_deinit(struct net_thread *thread)
{
    live_drop(atomic_exchange(&thread->next_live, NULL));
    live_drop(thread->live);
    thread->live = NULL;
}
