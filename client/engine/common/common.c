#include "client/engine/common/common.h"

#include "keys/public/bytes/random.h"

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

void common_wait(const struct common *common, struct backoff *backoff, enum backoff_trouble trouble)
{
    uint8_t chance = 0;
    random_bytes(&chance, 1);
    backoff_failed(backoff, trouble, common->now_ms, chance);
}

void common_retry_later(struct common *common, enum status code)
{
    common->wants.put_off = code == STATUS_BUSY;
    common_wait(common, &common->wants.later,
                code == STATUS_UNAVAILABLE ? BACKOFF_CORRUPT : BACKOFF_BUSY);
}

bool common_passes(enum status status)
{
    return status == STATUS_BUSY || status == STATUS_UNAVAILABLE || status == STATUS_FULL;
}

enum status common_code(uint32_t code)
{
    return code < STATUS_BAD_SIGNATURE ? (enum status)code : STATUS_MALFORMED;
}
