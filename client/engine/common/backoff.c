#include "client/engine/common/backoff.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define HOUR_MS   3600000u
#define DAY_MS    (24u * HOUR_MS)

static const struct {
    uint64_t first_ms;
    uint64_t then_ms; /* the second wait, doubled from there on */
    uint64_t most_ms;
} WAITS[] = {
    [BACKOFF_NONE] = {0, 0, 0},
    [BACKOFF_UNREACHABLE] = {SECOND_MS, 2 * SECOND_MS, MINUTE_MS},
    [BACKOFF_BUSY] = {SECOND_MS, 15 * SECOND_MS, 5 * MINUTE_MS},
    [BACKOFF_CORRUPT] = {SECOND_MS, 15 * SECOND_MS, 10 * MINUTE_MS},
    [BACKOFF_DAMAGED] = {MINUTE_MS, 2 * MINUTE_MS, HOUR_MS},
    [BACKOFF_UNOPENED] = {MINUTE_MS, 10 * MINUTE_MS, DAY_MS},
    [BACKOFF_REFUSED] = {MINUTE_MS, 2 * MINUTE_MS, HOUR_MS},
};

static uint64_t wait_ms(enum backoff_trouble trouble, uint32_t times)
{
    if (times <= 1) {
        return WAITS[trouble].first_ms;
    }
    uint64_t wait = WAITS[trouble].then_ms;
    for (uint32_t i = 2; i < times && wait < WAITS[trouble].most_ms; i++) {
        wait *= 2;
    }
    return wait < WAITS[trouble].most_ms ? wait : WAITS[trouble].most_ms;
}

void backoff_failed(struct backoff *backoff, enum backoff_trouble trouble, uint64_t now_ms,
                    uint8_t chance)
{
    if (backoff->trouble == BACKOFF_UNREACHABLE && trouble != BACKOFF_UNREACHABLE) {
        backoff->times = 0;
    }
    backoff->trouble = trouble;
    backoff->times += backoff->times < UINT32_MAX ? 1 : 0;
    backoff->failed_ms = now_ms;
    uint64_t wait = wait_ms(trouble, backoff->times);
    backoff->until_ms = now_ms + wait + wait * chance / 1024u;
}

void backoff_well(struct backoff *backoff)
{
    *backoff = (struct backoff){.trouble = BACKOFF_NONE};
}

bool backoff_over(const struct backoff *backoff, uint64_t now_ms)
{
    return now_ms >= backoff->until_ms || now_ms < backoff->failed_ms;
}
