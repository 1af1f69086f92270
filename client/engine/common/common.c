#include "client/engine/common/common.h"

/* How long to leave a busy server alone. */
#define RETRY_MS 1000u

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

void common_retry_later(struct common *common)
{
    common->wants.retry_at_ms = common->now_ms + RETRY_MS;
}

enum status common_code(uint32_t code)
{
    return code < STATUS_BAD_SIGNATURE ? (enum status)code : STATUS_MALFORMED;
}
