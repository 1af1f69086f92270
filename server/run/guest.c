#include "server/run/guest.h"

struct guest *guest_new(uint64_t number, const uint8_t exporter[32],
                        const uint8_t source[CORE_SOURCE_BYTES])
{
    struct guest *guest = calloc(1, sizeof *guest);
    if (guest == NULL) {
        return NULL;
    }
    atomic_init(&guest->references, 1);
    atomic_init(&guest->admitted, false);
    atomic_init(&guest->losses, 0);
    guest->number = number;
    memcpy(guest->source, source, CORE_SOURCE_BYTES);
    memcpy(guest->login.exporter, exporter, 32);
    return guest;
}

void guest_hold(struct guest *guest)
{
    (void)atomic_fetch_add(&guest->references, 1);
}

void guest_drop(struct guest *guest)
{
    if (guest != NULL && atomic_fetch_sub(&guest->references, 1) == 1) {
        free(guest->sections);
        free(guest);
    }
}

uint64_t guest_number(const struct guest *guest)
{
    return guest->number;
}

const uint8_t *guest_source(const struct guest *guest)
{
    return guest->source;
}

const struct core_peer *guest_peer(const struct guest *guest)
{
    return atomic_load_explicit(&guest->admitted, memory_order_acquire) ? &guest->peer : NULL;
}

struct core_login *guest_login(struct guest *guest)
{
    return &guest->login;
}

uint64_t guest_losses(const struct guest *guest)
{
    return atomic_load(&guest->losses);
}

void run_request_free(struct run_request *request)
{
    if (request == NULL) {
        return;
    }
    if (request->release != NULL) {
        request->release(request->owned);
    }
    core_answer_clear(&request->answer);
    guest_drop(request->guest);
    free(request);
}
