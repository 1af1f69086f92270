#include "client/engine/common/common.h"

#include "keys/public/bytes/random.h"

/* How long to leave a full server alone, at first and at most. */
#define RETRY_MS     1000u
#define RETRY_MS_MAX 60000u

void common_init(struct common *common, const struct engine_config *config)
{
    *common = (struct common){.content = config->content,
                              .config = *config,
                              .storage = config->storage,
                              .practice = config->content->practice,
                              .next_ticket = 1};
}

void common_changed(const struct common *common)
{
    if (common->config.content_changed != NULL) {
        common->config.content_changed(common->config.context);
    }
}

void common_retry_later(struct common *common, enum status code)
{
    uint8_t chance = 0;
    random_bytes(&chance, 1);
    backoff_failed(&common->wants.later,
                   code == STATUS_UNAVAILABLE ? BACKOFF_CORRUPT : BACKOFF_BUSY, common->now_ms,
                   chance);
}

uint64_t common_longer(uint64_t *wait_ms)
{
    *wait_ms = *wait_ms == 0 ? RETRY_MS : *wait_ms * 2;
    *wait_ms = *wait_ms > RETRY_MS_MAX ? RETRY_MS_MAX : *wait_ms;
    return *wait_ms;
}

bool common_passes(enum status status)
{
    return status == STATUS_BUSY || status == STATUS_UNAVAILABLE || status == STATUS_FULL;
}

enum status common_code(uint32_t code)
{
    return code < STATUS_BAD_SIGNATURE ? (enum status)code : STATUS_MALFORMED;
}
