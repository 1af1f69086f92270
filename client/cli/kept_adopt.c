#include "client/cli/kept_adopt.h"

#include "client/cli/kept_text.h"
#include "client/text/step.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>

/* The text as it lies there with what was noted when the editor began. */
static enum status seal_left(const struct cli *cli, const struct kept *kept, struct span head,
                             struct span text, uint8_t **out_sealed, size_t *out_size)
{
    uint8_t *record = NULL;
    size_t size = 0;
    enum status status = kept_record_join(head, text, &record, &size);
    if (status == STATUS_OK) {
        status =
            kept_text_seal_record(cli, kept->name, span_of(record, size), out_sealed, out_size);
        wipe(record, size);
    }
    free(record);
    return status;
}

/* True: nothing was typed there that is worth keeping. */
static bool is_nothing(struct span text, const struct hash *begin)
{
    struct hash now;
    hash_bytes(text, &now);
    return ID_EQUAL(&now, begin) || text_is_blank(text);
}

static bool adopt_one(void *visitor, struct kept *kept)
{
    struct cli *cli = visitor;
    uint8_t *about = NULL;
    uint8_t *text = NULL;
    uint8_t *sealed = NULL;
    size_t about_size = 0;
    size_t text_size = 0;
    size_t size = 0;
    struct span head = {0};
    struct hash begin;
    if (kept_about(kept, &about, &about_size) == STATUS_OK &&
        kept_record_is_of(span_of(about, about_size), cli->profile, &begin, &head)) {
        enum status status = kept_sealed(kept, &sealed, &size);
        bool nothing = false;
        if (status == STATUS_NOT_FOUND &&
            files_read_own(kept->path, KEPT_BYTES_MAX, &text, &text_size) == STATUS_OK) {
            nothing = is_nothing(span_of(text, text_size), &begin);
            status = nothing ? STATUS_NOT_FOUND
                             : seal_left(cli, kept, head, span_of(text, text_size), &sealed, &size);
        }
        if (nothing && !kept_is_in_window(kept)) {
            kept_drop(kept);
        } else if (status == STATUS_OK &&
                   kept_text_put(cli->profile, kept->name, span_of(sealed, size)) == STATUS_OK) {
            cli_warn(cli,
                     "a text that an earlier command left is kept as %s, sealed; see `alcove kept "
                     "list`",
                     kept->name);
            kept_drop(kept);
        }
    }
    if (text != NULL) {
        wipe(text, text_size);
    }
    free(text);
    free(about);
    free(sealed);
    return true;
}

void kept_adopt(struct cli *cli)
{
    kept_all(adopt_one, cli);
}
