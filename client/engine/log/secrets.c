#include "client/engine/log/secrets.h"

#include "keys/private/invitation_own.h"

static const struct fact *fact_at(const struct log *log, uint64_t seq)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        if (log->facts[i].seq == seq) {
            return &log->facts[i];
        }
    }
    return NULL;
}

static enum status take_seal(struct log *log, const struct authority_member *member,
                             const struct statement_seal *seal)
{
    struct keystore_content *content = log->common->content;
    struct invitation_own_place place = {.practice = log->common->practice,
                                         .invited = member->id,
                                         .recipient = seal->recipient,
                                         .sender = member->inviter_device};
    uint8_t sealed[INVITATION_OWN_SEALED_BYTES];
    memcpy(sealed, seal->share, SEAL_SHARE_BYTES);
    memcpy(sealed + SEAL_SHARE_BYTES, seal->sealed, SEAL_SEALED_BYTES);
    struct secret *psk = NULL;
    enum status status = invitation_own_open(
        sealed, &place, identity_sealer_secret(content->sealing), &member->invitation_key, &psk);
    if (status == STATUS_OK) {
        status = keystore_content_set_psk(content, &member->id, psk);
    }
    if (status == STATUS_OK) {
        common_changed(log->common);
    }
    secret_free(psk);
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

static enum status take_one(struct log *log, const struct authority_member *member)
{
    const struct fact *fact = fact_at(log, member->seq);
    if (fact == NULL) {
        return STATUS_OK;
    }
    struct statement statement;
    enum status status =
        statement_parse(span_of(fact->bytes, fact->size), &log->common->practice, &statement);
    for (size_t i = 0; status == STATUS_OK && i < statement.u.invitation.own_count; i++) {
        const struct statement_seal *seal = &statement.u.invitation.own[i];
        if (ID_EQUAL(&seal->recipient, &log->common->content->device_statement)) {
            status = take_seal(log, member, seal);
        }
    }
    statement_free(&statement);
    return status;
}

static bool is_held(const struct keystore_content *content, const struct member_id *member)
{
    struct secret *psk = NULL;
    bool held = keystore_content_psk(content, member, &psk) == STATUS_OK;
    secret_free(psk);
    return held;
}

enum status secrets_take(struct log *log)
{
    const struct keystore_content *content = log->common->content;
    size_t count = log->authority == NULL ? 0 : authority_member_count(log->authority);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct authority_member *member = authority_member_at(log->authority, i);
        bool ours = !member->by_root && ID_EQUAL(&member->inviter, &content->member) &&
                    !ID_EQUAL(&member->inviter_device, &content->device_statement);
        if (ours && member->seq >= log->secrets_seq && !is_held(content, &member->id)) {
            status = take_one(log, member);
        }
    }
    if (status == STATUS_OK) {
        log->secrets_seq = log->folded_seq;
    }
    return status;
}
