#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- epochs */

/* The recipients must be exactly those in force, in their order: whoever brings an epoch has no
 * choice of them (decision 6). */
static bool recipients_exact(const struct authority_judgement *judgement,
                             const struct statement_epoch *epoch)
{
    struct authority_recipient wanted[EPOCH_SEALS_MAX];
    size_t count = 0;
    if (authority_recipients(judgement->authority, &judgement->section->pub, judgement->when,
                             wanted, ARRAY_LEN(wanted), &count) != STATUS_OK ||
        count != epoch->seal_count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!ID_EQUAL(&wanted[i].hash, &epoch->seal[i].recipient) ||
            wanted[i].kind != epoch->seal[i].kind) {
            return false;
        }
    }
    return true;
}

static void state_position(struct authority_judgement *judgement,
                           const struct statement_position *position)
{
    judgement->result->has_position = true;
    judgement->result->position_number = position->number;
    judgement->result->position_head = position->head;
}

enum status authority_judge_epoch(struct authority_judgement *judgement)
{
    const struct statement_epoch *epoch = &judgement->statement->u.epoch;
    const struct authority_section *section = &judgement->section->pub;
    static const struct hash none;
    state_position(judgement, &epoch->position);
    if (!authority_permits(judgement, ACTION_ROTATE, section->class, section, NULL)) {
        return STATUS_REFUSED;
    }
    const struct hash *last =
        section->epoch_count > 0 ? &section->epochs[section->epoch_count - 1u].statement : &none;
    if (epoch->epoch != section->epoch_count + 1u || !ID_EQUAL(&epoch->previous_epoch, last)) {
        return authority_refuse(judgement, AUTHORITY_BAD_EPOCH);
    }
    if (!recipients_exact(judgement, epoch)) {
        return authority_refuse(judgement, AUTHORITY_BAD_RECIPIENTS);
    }
    struct hash membership;
    authority_membership(judgement->authority, section, judgement->when, &membership);
    return ID_EQUAL(&membership, &epoch->membership)
               ? STATUS_OK
               : authority_refuse(judgement, AUTHORITY_BAD_MEMBERSHIP);
}

/* ---------------------------------------------------------------- reseals */

/* An owner may give an epoch to a member who held it already, and to a newcomer from
 * where the grant says that history begins. */
static bool history_reaches(const struct authority_judgement *judgement,
                            const struct authority_member *member,
                            const struct authority_grant *grant, uint64_t epoch)
{
    if (grant->history_from != 0 && epoch >= grant->history_from) {
        return true;
    }
    return authority_epoch_reaches(judgement->authority,
                                   &judgement->section->pub.epochs[epoch - 1u], member);
}

static bool reseal_reaches(const struct authority_judgement *judgement,
                           const struct statement_seal *seal, bool owner)
{
    const struct authority *authority = judgement->authority;
    const struct authority_section *section = &judgement->section->pub;
    const struct authority_recipient recipient = {seal->recipient, seal->kind};
    const struct authority_member *member = NULL;
    const struct authority_grant *grant = NULL;
    if (seal->epoch > section->epoch_count ||
        !authority_recipient_key(authority, &recipient, NULL, &member) ||
        authority_rights(authority, section, member, judgement->when, &grant) == RIGHT_NONE) {
        return false;
    }
    if (seal->kind == RECIPIENT_DEVICE &&
        !authority_device_live(authority_device(authority, &seal->recipient), judgement->when)) {
        return false;
    }
    if (member == &judgement->signer->pub) {
        return seal->kind == RECIPIENT_RECOVERY ||
               !ID_EQUAL(&seal->recipient, &judgement->device->statement);
    }
    /* A client who let the next therapist in owns nothing, and nobody else may hold the past. */
    return (owner || ID_EQUAL(&grant->signer, &judgement->signer->pub.id)) &&
           history_reaches(judgement, member, grant, seal->epoch);
}

/* A member who is in may reseal to their own other devices. Only an owner may reseal to others, and
 * whoever signed their grant. */
enum status authority_judge_reseal(struct authority_judgement *judgement)
{
    const struct statement_reseal *reseal = &judgement->statement->u.reseal;
    const struct authority_section *section = &judgement->section->pub;
    state_position(judgement, &reseal->position);
    if (!authority_permits(judgement, ACTION_READ, section->class, section, NULL)) {
        judgement->result->action = ACTION_RESEAL;
        return STATUS_REFUSED;
    }
    judgement->result->action = ACTION_RESEAL;
    uint32_t rights = authority_rights(judgement->authority, section, &judgement->signer->pub,
                                       judgement->when, NULL);
    bool owner = (rights & (uint32_t)RIGHT_OWN) != 0 &&
                 authority_may(judgement->authority, &judgement->signer->pub, ACTION_RESEAL,
                               section->class, section, NULL, judgement->when, NULL, NULL);
    for (size_t i = 0; i < reseal->seal_count; i++) {
        if (!reseal_reaches(judgement, &reseal->seal[i], owner)) {
            return authority_refuse(judgement, AUTHORITY_BAD_RECIPIENTS);
        }
    }
    return STATUS_OK;
}

static bool names_device(const struct authority_recipient *recipients, size_t count,
                         const struct hash *device)
{
    for (size_t i = 0; i < count; i++) {
        if (recipients[i].kind == RECIPIENT_DEVICE && ID_EQUAL(&recipients[i].hash, device)) {
            return true;
        }
    }
    return false;
}

/* A device may complain only of a seal that was made to itself. */
enum status authority_judge_bad_seal(struct authority_judgement *judgement)
{
    const struct hash *statement = &judgement->statement->u.bad_seal;
    const struct hash *device = &judgement->device->statement;
    const struct authority_section *section = &judgement->section->pub;
    if (!authority_permits(judgement, ACTION_READ, section->class, section, NULL)) {
        judgement->result->action = ACTION_RESEAL;
        return STATUS_REFUSED;
    }
    judgement->result->action = ACTION_RESEAL;
    for (size_t i = 0; i < section->epoch_count; i++) {
        const struct authority_epoch *epoch = &section->epochs[i];
        if (ID_EQUAL(&epoch->statement, statement) &&
            names_device(epoch->recipients, epoch->recipient_count, device)) {
            return STATUS_OK;
        }
    }
    for (size_t i = 0; i < section->reseal_count; i++) {
        const struct authority_reseal *reseal = &section->reseals[i];
        if (ID_EQUAL(&reseal->statement, statement) &&
            names_device(reseal->recipients, reseal->count, device)) {
            return STATUS_OK;
        }
    }
    return authority_refuse(judgement, AUTHORITY_UNKNOWN_SUBJECT);
}

/* ---------------------------------------------------------------- taking in */

static struct authority_recipient *copy_recipients(struct authority *authority,
                                                   const struct statement_seal *seal, size_t count)
{
    struct authority_recipient *out = authority_make(authority, count * sizeof *out, free);
    for (size_t i = 0; out != NULL && i < count; i++) {
        out[i] = (struct authority_recipient){seal[i].recipient, seal[i].kind};
    }
    return out;
}

/* Keeps the statement's bytes if seals are to be kept. True also when they are not to be. */
static bool keep_bytes(const struct authority_judgement *judgement, uint8_t **out_kept,
                       struct span *out)
{
    struct span bytes = judgement->statement->bytes;
    *out_kept = NULL;
    *out = span_of(NULL, 0);
    if ((judgement->authority->flags & AUTHORITY_KEEP_SEALS) == 0) {
        return true;
    }
    *out_kept = authority_make(judgement->authority, bytes.size, free);
    if (*out_kept == NULL) {
        return false;
    }
    memcpy(*out_kept, bytes.data, bytes.size);
    *out = span_of(*out_kept, bytes.size);
    return true;
}

enum status authority_apply_epoch(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    const struct statement_epoch *said = &statement->u.epoch;
    struct section_node *node = judgement->section;
    struct authority_section *section = &node->pub;
    struct authority_epoch epoch = {
        .statement = statement->hash,
        .epoch = said->epoch,
        .chain_number = statement->link.number,
        .membership = said->membership,
        .commitment = said->commitment,
        .signer = statement->link.member,
        .signer_device = statement->link.device,
        .seq = judgement->seq,
        .time_ms = judgement->time_ms,
        .recipients = copy_recipients(authority, said->seal, said->seal_count),
        .recipient_count = said->seal_count,
    };
    if (epoch.recipients == NULL || !keep_bytes(judgement, &epoch.kept, &epoch.bytes) ||
        array_grow(&section->epochs, &node->epoch_capacity, section->epoch_count + 1u,
                   sizeof epoch) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    AUTHORITY_UNDO(authority, section->epoch_count);
    section->epochs[section->epoch_count++] = epoch;
    return STATUS_OK;
}

enum status authority_apply_reseal(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    const struct statement_reseal *said = &statement->u.reseal;
    struct section_node *node = judgement->section;
    struct authority_section *section = &node->pub;
    struct authority_reseal reseal = {
        .statement = statement->hash,
        .chain_number = statement->link.number,
        .signer = statement->link.member,
        .signer_device = statement->link.device,
        .seq = judgement->seq,
        .recipients = copy_recipients(authority, said->seal, said->seal_count),
        .count = said->seal_count,
    };
    reseal.epochs = authority_make(authority, said->seal_count * sizeof(uint64_t), free);
    if (reseal.recipients == NULL || reseal.epochs == NULL ||
        !keep_bytes(judgement, &reseal.kept, &reseal.bytes) ||
        array_grow(&section->reseals, &node->reseal_capacity, section->reseal_count + 1u,
                   sizeof reseal) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < said->seal_count; i++) {
        reseal.epochs[i] = said->seal[i].epoch;
    }
    AUTHORITY_UNDO(authority, section->reseal_count);
    section->reseals[section->reseal_count++] = reseal;
    return STATUS_OK;
}
