#include "client/engine/section/section.h"

#include "client/engine/common/alarm.h"
#include "keys/private/epoch_key.h"

/* Opening the epoch keys that are sealed to this device. */

struct opening {
    struct sections *sections;
    struct section *section;
    const struct authority_section *facts;
    const struct member_id *sender;
    const struct hash *sender_device;
};

static enum status keep(struct section *section, const struct authority_epoch *epoch,
                        struct secret *key)
{
    struct epoch_key *keys =
        realloc(section->keys, (section->key_count + 1) * sizeof *section->keys);
    if (keys == NULL) {
        secret_free(key);
        return STATUS_NO_MEMORY;
    }
    section->keys = keys;
    section->unseal = true;
    keys[section->key_count++] = (struct epoch_key){epoch->epoch, epoch->statement, key};
    return STATUS_OK;
}

/* The pair's PSK, if both ends hold one: then base mode would be a downgrade (decision 9). */
static enum status pair_psk(const struct opening *opening, struct secret **out_psk)
{
    *out_psk = NULL;
    if (ID_EQUAL(opening->sender, &opening->sections->common->content->member)) {
        return STATUS_OK;
    }
    enum status status =
        keystore_content_psk(opening->sections->common->content, opening->sender, out_psk);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void bad_seal(const struct opening *opening, uint64_t epoch)
{
    char evidence[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(evidence, sizeof evidence, "epoch %llu", (unsigned long long)epoch);
    alarm_tell(opening->sections->common, STATUS_WRONG_KEY,
               "A key that was sealed to this device does not open: what is written under it "
               "stays closed until it is sealed again.",
               evidence);
}

static enum status open_seal(const struct opening *opening, const struct statement_seal *seal)
{
    if (seal->epoch == 0 || seal->epoch > opening->facts->epoch_count) {
        return STATUS_OK;
    }
    const struct authority_epoch *epoch = &opening->facts->epochs[seal->epoch - 1];
    if (section_key(opening->section, &epoch->statement) != NULL) {
        return STATUS_OK;
    }
    struct secret *psk = NULL;
    enum status status = pair_psk(opening, &psk);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t wanted = psk != NULL ? SEAL_PSK : SEAL_BASE;
    if (seal->mode != wanted) {
        secret_free(psk);
        bad_seal(opening, seal->epoch);
        return STATUS_OK;
    }
    struct epoch_key_place place = {.practice = opening->sections->common->practice,
                                    .section = opening->section->id,
                                    .epoch = seal->epoch,
                                    .membership = epoch->membership};
    struct epoch_key_parties parties = {.recipient_statement = seal->recipient,
                                        .sender_statement = *opening->sender_device};
    uint8_t sealed[EPOCH_KEY_SEALED_BYTES];
    memcpy(sealed, seal->share, SEAL_SHARE_BYTES);
    memcpy(sealed + SEAL_SHARE_BYTES, seal->sealed, SEAL_SEALED_BYTES);
    struct secret *key = NULL;
    status = epoch_key_open(span_of(sealed, sizeof sealed), &place, &parties,
                            identity_sealer_secret(opening->sections->common->content->sealing),
                            psk, &epoch->commitment, &key);
    secret_free(psk);
    if (status == STATUS_WRONG_KEY) {
        bad_seal(opening, seal->epoch);
        return STATUS_OK;
    }
    return status == STATUS_OK ? keep(opening->section, epoch, key) : status;
}

static enum status open_statement(struct opening *opening, struct span bytes)
{
    struct statement statement;
    enum status status = statement_parse(bytes, &opening->sections->common->practice, &statement);
    bool epoch = status == STATUS_OK && statement.rule->type == STATEMENT_EPOCH;
    size_t count = status != STATUS_OK ? 0
                   : epoch             ? statement.u.epoch.seal_count
                                       : statement.u.reseal.seal_count;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct statement_seal *seal =
            epoch ? &statement.u.epoch.seal[i] : &statement.u.reseal.seal[i];
        if (seal->kind == RECIPIENT_DEVICE &&
            ID_EQUAL(&seal->recipient, &opening->sections->common->content->device_statement)) {
            status = open_seal(opening, seal);
        }
    }
    statement_free(&statement);
    return status;
}

enum status section_open_keys(struct sections *sections, struct section *section)
{
    const struct authority_section *facts =
        authority_section(sections->log->authority, &section->id);
    if (facts == NULL) {
        return STATUS_OK;
    }
    struct opening opening = {.sections = sections, .section = section, .facts = facts};
    for (; section->epochs_tried < facts->epoch_count; section->epochs_tried++) {
        const struct authority_epoch *epoch = &facts->epochs[section->epochs_tried];
        opening.sender = &epoch->signer;
        opening.sender_device = &epoch->signer_device;
        enum status status = open_statement(&opening, epoch->bytes);
        if (status != STATUS_OK) {
            return status;
        }
    }
    for (; section->reseals_tried < facts->reseal_count; section->reseals_tried++) {
        const struct authority_reseal *reseal = &facts->reseals[section->reseals_tried];
        opening.sender = &reseal->signer;
        opening.sender_device = &reseal->signer_device;
        enum status status = open_statement(&opening, reseal->bytes);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
