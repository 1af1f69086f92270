/*
 * Texts that are not a note yet, sealed in the profile: PROFILE/kept/NAME. A text is put there as
 * soon as it exists, before anybody is asked for a passphrase, a "yes" or an answer of the network,
 * and goes when the note is in the outbox. Sealing needs no key but the public one (kept_key.h), so
 * that it works while the profile is locked; opening needs the profile.
 *
 * A text is durable before its clear copy goes. Where the profile's disk takes nothing it lies,
 * sealed, in its folder in memory (kept.h).
 */
#pragma once

#include "client/cli/context.h"
#include "client/cli/kept.h"
#include "client/cli/kept_record.h"

/* A name that no text here has. */
void kept_text_draw(const char *profile, char out_name[static KEPT_NAME_BYTES]);
/*
 * Seals |text| under |name| and replaces what was there. |words->input| has |becomes| and
 * |typed_ms|. |clear|: its folder, or an empty one; its clear text goes when the sealed one lasts.
 * STATUS_OK; STATUS_FULL or STATUS_IO of the profile's disk, with the text sealed in |clear| (in a
 * folder that is made for it); else no text is sealed: STATUS_NOT_FOUND (no key), STATUS_REFUSED,
 * STATUS_NO_MEMORY, STATUS_USAGE (no storage is memory).
 */
struct kept_outcome {
    enum status disk; /* of the profile's folder */
    bool sealed;      /* there or in memory */
};
struct kept_outcome kept_text_seal(const struct cli *cli, const char *name,
                                   const struct kept_words *words, struct span text,
                                   struct kept *clear);
/* Of an opened profile. STATUS_NOT_FOUND; STATUS_WRONG_KEY: it does not open; STATUS_IO,
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status kept_text_open(const struct cli *cli, const char *name,
                                      struct kept_text *out_text);
void kept_text_deinit(struct kept_text *text);
/* STATUS_NOT_FOUND, STATUS_IO. */
MUST_CHECK enum status kept_text_drop(const char *profile, const char *name);
/* Whether there is one of that name. */
bool kept_text_is(const char *profile, const char *name);
/* The names of all, in no order; false ends it. */
typedef bool kept_text_visit(void *visitor, const char *name);
void kept_text_all(const char *profile, kept_text_visit *visit, void *visitor);
size_t kept_text_count(const char *profile);
/* The steps of kept_text_seal, for a record that is there. The caller frees. */
MUST_CHECK enum status kept_text_seal_record(const struct cli *cli, const char *name,
                                             struct span record, uint8_t **out_sealed,
                                             size_t *out_size);
/* Durable when it returns STATUS_OK. STATUS_FULL, STATUS_IO. */
MUST_CHECK enum status kept_text_put(const char *profile, const char *name, struct span sealed);
