#include "server/core/looks.h"

#define LOOK_MS (10u * 60u * 1000u)

static struct look *find(struct looks *looks, uint32_t device_local, const struct hash *question)
{
    for (size_t i = 0; i < LOOKS_MAX; i++) {
        struct look *look = &looks->items[i];
        if (look->device_local == device_local && ID_EQUAL(&look->question, question)) {
            return look;
        }
    }
    return NULL;
}

bool looks_goes_on(struct looks *looks, uint32_t device_local, const struct hash *question,
                   uint64_t from, uint64_t now_ms)
{
    const struct look *look = find(looks, device_local, question);
    return from != 0 && look != NULL && look->next == from && now_ms >= look->began_ms &&
           now_ms - look->began_ms < LOOK_MS;
}

void looks_note(struct looks *looks, uint32_t device_local, const struct hash *question,
                uint64_t next, bool goes_on, uint64_t now_ms)
{
    struct look *look = find(looks, device_local, question);
    if (look == NULL) {
        look = &looks->items[looks->oldest];
        looks->oldest = (looks->oldest + 1) % LOOKS_MAX;
    }
    *look = (struct look){.device_local = device_local,
                          .began_ms = goes_on ? look->began_ms : now_ms,
                          .question = *question,
                          .next = next};
}

void looks_forget(struct looks *looks, uint32_t device_local)
{
    for (size_t i = 0; i < LOOKS_MAX; i++) {
        if (looks->items[i].device_local == device_local) {
            looks->items[i].device_local = 0;
        }
    }
}
