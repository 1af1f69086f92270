#include "client/engine/submit/plan.h"

#include "client/engine/log/advance.h"
#include "keys/private/epoch_key.h"

/* Epochs and reseals: whom they are sealed to is not for us to choose (decision 6). */

#define SEALS_MAX (RESEAL_KEYS_MAX > EPOCH_SEALS_MAX ? RESEAL_KEYS_MAX : EPOCH_SEALS_MAX)

/* Room for the messages of one statement. */
struct room {
    Alcove__AuthorStart starts[EPOCH_STARTS_MAX];
    Alcove__AuthorStart *start_list[EPOCH_STARTS_MAX];
    size_t start_count;
    Alcove__Seal seals[SEALS_MAX];
    Alcove__Seal *seal_list[SEALS_MAX];
    Alcove__ResealKey keys[SEALS_MAX];
    Alcove__ResealKey *key_list[SEALS_MAX];
    uint8_t sealed[SEALS_MAX][EPOCH_KEY_SEALED_BYTES];
    struct authority_recipient recipients[SEALS_MAX];
    size_t seal_count;
    struct timeline_device devices[EPOCH_STARTS_MAX];
};

static int by_device(const void *a, const void *b)
{
    const struct timeline_device *left = a;
    const struct timeline_device *right = b;
    return memcmp(left->device.bytes, right->device.bytes, HASH_BYTES);
}

/* Where each author's own numbers stand, for whoever starts reading here (decision 12). */
static enum status starts(const struct plan *plan, struct room *room)
{
    size_t count = plan->section == NULL ? 0 : plan->section->timeline.device_count;
    if (count > EPOCH_STARTS_MAX) {
        return STATUS_TOO_LARGE;
    }
    for (size_t i = 0; i < count; i++) {
        const struct timeline_device *device = &plan->section->timeline.devices[i];
        if (device->number > 0) {
            room->devices[room->start_count++] = *device;
        }
    }
    qsort(room->devices, room->start_count, sizeof room->devices[0], by_device);
    for (size_t i = 0; i < room->start_count; i++) {
        Alcove__AuthorStart *start = &room->starts[i];
        alcove__author_start__init(start);
        start->device = field_of(room->devices[i].device.bytes, HASH_BYTES);
        start->number = room->devices[i].number;
        start->link = field_of(room->devices[i].link.bytes, HASH_BYTES);
        room->start_list[i] = start;
    }
    return STATUS_OK;
}

static enum status psk_for(const struct sources *from, const struct authority_recipient *to,
                           const struct authority_member *member, struct secret **out_psk)
{
    *out_psk = NULL;
    /* A recovery key has no PSK: it exists on paper alone. */
    if (to->kind != RECIPIENT_DEVICE || ID_EQUAL(&member->id, &from->common->content->member)) {
        return STATUS_OK;
    }
    enum status status = keystore_content_psk(from->common->content, &member->id, out_psk);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status seal(const struct plan *plan, struct room *room, const struct secret *key,
                        const struct epoch_key_place *place,
                        const struct authority_recipient *recipient)
{
    if (room->seal_count == SEALS_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct public_key to;
    const struct authority_member *member = NULL;
    if (!authority_recipient_key(plan->from->log->authority, recipient, &to, &member)) {
        return STATUS_NOT_FOUND;
    }
    struct secret *psk = NULL;
    enum status status = psk_for(plan->from, recipient, member, &psk);
    if (status != STATUS_OK) {
        return status;
    }
    size_t i = room->seal_count++;
    room->recipients[i] = *recipient;
    struct epoch_key_parties parties = {.recipient_statement = recipient->hash,
                                        .sender_statement =
                                            plan->from->common->content->device_statement};
    status = epoch_key_seal(key, place, &parties, &to, psk, room->sealed[i]);
    Alcove__Seal *out = &room->seals[i];
    alcove__seal__init(out);
    out->kind = recipient->kind;
    out->recipient = field_of(room->recipients[i].hash.bytes, HASH_BYTES);
    out->mode = psk != NULL ? SEAL_PSK : SEAL_BASE;
    out->share = field_of(room->sealed[i], SEAL_SHARE_BYTES);
    out->sealed = field_of(room->sealed[i] + SEAL_SHARE_BYTES, SEAL_SEALED_BYTES);
    room->seal_list[i] = out;
    secret_free(psk);
    return status;
}

static enum status build_epoch(struct plan *plan, struct room *room, struct secret *key)
{
    struct sources *from = plan->from;
    const struct authority_section *facts =
        authority_section(from->log->authority, &plan->section_id);
    if (facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct authority_when when = advance_when(from->log);
    struct epoch_key_place place = {.practice = from->common->practice,
                                    .section = plan->section_id,
                                    .epoch = facts->epoch_count + 1};
    authority_membership(from->log->authority, facts, when, &place.membership);
    struct hash commitment;
    epoch_key_commitment(key, &place, &commitment);
    struct authority_recipient recipients[EPOCH_SEALS_MAX];
    size_t count = 0;
    enum status status = authority_recipients(from->log->authority, facts, when, recipients,
                                              EPOCH_SEALS_MAX, &count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = seal(plan, room, key, &place, &recipients[i]);
    }
    if (status == STATUS_OK) {
        status = starts(plan, room);
    }
    if (status != STATUS_OK) {
        return status;
    }
    Alcove__Link link;
    plan_link(plan, &link);
    Alcove__Epoch epoch;
    alcove__epoch__init(&epoch);
    epoch.link = &link;
    epoch.epoch = place.epoch;
    if (facts->epoch_count > 0) {
        epoch.previous_epoch =
            field_of(facts->epochs[facts->epoch_count - 1].statement.bytes, HASH_BYTES);
    }
    epoch.membership = field_of(place.membership.bytes, HASH_BYTES);
    epoch.commitment = field_of(commitment.bytes, HASH_BYTES);
    epoch.section_number = plan->number;
    struct hash head = plan->head;
    epoch.section_head = field_of(head.bytes, HASH_BYTES);
    epoch.n_start = room->start_count;
    epoch.start = room->start_list;
    epoch.n_seal = room->seal_count;
    epoch.seal = room->seal_list;
    status = plan_add(plan, STATEMENT_EPOCH, &epoch.base, NULL);
    plan->epoch = place.epoch;
    return status;
}

enum status plan_epoch(struct plan *plan)
{
    struct room *room = calloc(1, sizeof *room);
    struct secret *key = NULL;
    enum status status = room == NULL ? STATUS_NO_MEMORY : epoch_key_new(&key);
    if (status == STATUS_OK) {
        status = build_epoch(plan, room, key);
    }
    if (status == STATUS_OK) {
        plan->epoch_statement = plan->last;
        secret_free(plan->epoch_key);
        plan->epoch_key = key;
        key = NULL;
    }
    secret_free(key);
    free(room);
    return status;
}

static int by_epoch(const void *a, const void *b)
{
    const struct epoch_key *left = a;
    const struct epoch_key *right = b;
    return left->epoch < right->epoch ? -1 : left->epoch > right->epoch;
}

static enum status seal_old(struct plan *plan, struct room *room, const struct epoch_key *key,
                            const struct authority_recipient *recipients, size_t count)
{
    const struct authority_section *facts =
        authority_section(plan->from->log->authority, &plan->section_id);
    CHECK(facts != NULL && key->epoch >= 1 && key->epoch <= facts->epoch_count);
    struct epoch_key_place place = {.practice = plan->from->common->practice,
                                    .section = plan->section_id,
                                    .epoch = key->epoch,
                                    .membership = facts->epochs[key->epoch - 1].membership};
    for (size_t i = 0; i < count; i++) {
        enum status status = seal(plan, room, key->key, &place, &recipients[i]);
        if (status != STATUS_OK) {
            return status;
        }
        Alcove__ResealKey *out = &room->keys[room->seal_count - 1];
        alcove__reseal_key__init(out);
        out->epoch = key->epoch;
        out->seal = room->seal_list[room->seal_count - 1];
        room->key_list[room->seal_count - 1] = out;
    }
    return STATUS_OK;
}

enum status plan_reseal(struct plan *plan, uint64_t from_epoch,
                        const struct authority_recipient *recipients, size_t count)
{
    struct section *section = plan->section;
    if (section == NULL || section->key_count == 0) {
        return STATUS_NOT_FOUND;
    }
    struct room *room = calloc(1, sizeof *room);
    if (room == NULL) {
        return STATUS_NO_MEMORY;
    }
    qsort(section->keys, section->key_count, sizeof section->keys[0], by_epoch);
    enum status status = starts(plan, room);
    for (size_t i = 0; i < section->key_count && status == STATUS_OK; i++) {
        /* What does not fit one statement is another wish's. */
        if (section->keys[i].epoch >= from_epoch && room->seal_count + count <= RESEAL_KEYS_MAX) {
            status = seal_old(plan, room, &section->keys[i], recipients, count);
        }
    }
    if (status == STATUS_OK && room->seal_count == 0) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        Alcove__Link link;
        plan_link(plan, &link);
        Alcove__Reseal reseal;
        alcove__reseal__init(&reseal);
        reseal.link = &link;
        reseal.section_number = plan->number;
        struct hash head = plan->head;
        reseal.section_head = field_of(head.bytes, HASH_BYTES);
        reseal.n_start = room->start_count;
        reseal.start = room->start_list;
        reseal.n_key = room->seal_count;
        reseal.key = room->key_list;
        status = plan_add(plan, STATEMENT_RESEAL, &reseal.base, NULL);
    }
    free(room);
    return status;
}
