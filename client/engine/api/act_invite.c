#include "client/engine/api/act.h"

#include "client/engine/api/act_inside.h"
#include "client/engine/join/bundle.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"
#include "client/engine/section/petname.h"
#include "keys/private/invitation_own.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"

/* The chains that a newcomer needs to follow from the genesis to the invitation. */

struct chains {
    struct chain_label *labels;
    size_t count;
};

static enum status chains_add(struct chains *chains, const struct chain_label *label)
{
    for (size_t i = 0; i < chains->count; i++) {
        if (ID_EQUAL(&chains->labels[i], label)) {
            return STATUS_OK;
        }
    }
    struct chain_label *labels = realloc(chains->labels, (chains->count + 1) * sizeof *labels);
    if (labels == NULL) {
        return STATUS_NO_MEMORY;
    }
    chains->labels = labels;
    labels[chains->count++] = *label;
    return STATUS_OK;
}

static enum status chains_add_member(const struct engine *engine, struct chains *chains,
                                     const struct member_id *member)
{
    const struct authority_member *facts = authority_member(engine->log.authority, member);
    return facts == NULL ? STATUS_OK : chains_add(chains, &facts->label);
}

/* Whoever signed in a chain, or is named by a relation there, must be known too. */
static enum status chains_follow(const struct engine *engine, struct chains *chains,
                                 const struct fact *fact)
{
    struct statement statement;
    enum status status =
        statement_parse(span_of(fact->bytes, fact->size), &engine->common.practice, &statement);
    if (status == STATUS_OK && !statement.link.by_root) {
        status = chains_add_member(engine, chains, &statement.link.member);
    }
    if (status == STATUS_OK && statement.rule->type == STATEMENT_RELATION) {
        status = chains_add_member(engine, chains, &statement.u.relation.staff);
    }
    statement_free(&statement);
    return status;
}

static bool chains_hold(const struct chains *chains, const struct fact *fact)
{
    for (size_t i = 0; i < chains->count; i++) {
        if (ID_EQUAL(&chains->labels[i], &fact->label)) {
            return true;
        }
    }
    return false;
}

static enum status chains_close(const struct engine *engine, struct chains *chains)
{
    size_t before = 0;
    while (before != chains->count) {
        before = chains->count;
        for (size_t i = 0; i < engine->log.fact_count; i++) {
            const struct fact *fact = &engine->log.facts[i];
            enum status status =
                chains_hold(chains, fact) ? chains_follow(engine, chains, fact) : STATUS_OK;
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}

static enum status gather(const struct engine *engine, bool by_root, struct span invitation,
                          struct span **out_statements, size_t *out_count)
{
    CHECK(engine->log.fact_count > 0);
    /* The first fact of all is the genesis. */
    struct chains chains = {NULL, 0};
    enum status status = chains_add(&chains, &engine->log.facts[0].label);
    if (status == STATUS_OK && !by_root) {
        status = chains_add_member(engine, &chains, &engine->common.content->member);
    }
    if (status == STATUS_OK) {
        status = chains_close(engine, &chains);
    }
    struct span *statements = NULL;
    if (status == STATUS_OK) {
        statements = malloc((engine->log.fact_count + 1) * sizeof *statements);
        status = statements == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    size_t count = 0;
    for (size_t i = 0; i < engine->log.fact_count && status == STATUS_OK; i++) {
        if (chains_hold(&chains, &engine->log.facts[i])) {
            statements[count++] = span_of(engine->log.facts[i].bytes, engine->log.facts[i].size);
        }
    }
    free(chains.labels);
    if (status != STATUS_OK) {
        return status;
    }
    statements[count++] = invitation;
    *out_statements = statements;
    *out_count = count;
    return STATUS_OK;
}

/* The delegation that an invitation of a client rests on. */
static const struct authority_delegation *delegation(const struct engine *engine)
{
    struct authority_when when = advance_when(&engine->log);
    const struct authority_delegation *next = fold_self(&engine->log)->delegations;
    const struct authority_delegation *found = NULL;
    for (; next != NULL; next = next->next) {
        if (next->until_ms == 0 || next->until_ms > when.time_ms) {
            found = next;
        }
    }
    return found;
}

/* Our other devices open what the invited person will seal to them by the code's secret. */
struct own_seals {
    Alcove__Seal seals[MEMBER_DEVICES_MAX];
    Alcove__Seal *list[MEMBER_DEVICES_MAX];
    struct hash recipients[MEMBER_DEVICES_MAX];
    uint8_t sealed[MEMBER_DEVICES_MAX][INVITATION_OWN_SEALED_BYTES];
    size_t count;
};

static int by_recipient(const void *a, const void *b)
{
    const Alcove__Seal *const *left = a;
    const Alcove__Seal *const *right = b;
    return memcmp((*left)->recipient.data, (*right)->recipient.data, HASH_BYTES);
}

static enum status seal_own(const struct engine *engine, const struct invitation_code *code,
                            const struct member_id *invited, struct own_seals *own)
{
    const struct keystore_content *content = engine->common.content;
    struct authority_when when = advance_when(&engine->log);
    enum status status = STATUS_OK;
    for (const struct authority_device *device = fold_self(&engine->log)->devices;
         device != NULL && status == STATUS_OK; device = device->next) {
        if (ID_EQUAL(&device->statement, &content->device_statement) ||
            !authority_device_live(device, when)) {
            continue;
        }
        size_t i = own->count++;
        struct invitation_own_place place = {.practice = engine->common.practice,
                                             .invited = *invited,
                                             .recipient = device->statement,
                                             .sender = content->device_statement};
        status = invitation_own_seal(code, &place, &device->keys.sealing, own->sealed[i]);
        own->recipients[i] = device->statement;
        Alcove__Seal *seal = &own->seals[i];
        alcove__seal__init(seal);
        seal->kind = RECIPIENT_DEVICE;
        seal->mode = SEAL_BASE;
        seal->recipient = field_of(own->recipients[i].bytes, HASH_BYTES);
        seal->share = field_of(own->sealed[i], SEAL_SHARE_BYTES);
        seal->sealed = field_of(own->sealed[i] + SEAL_SHARE_BYTES, SEAL_SEALED_BYTES);
        own->list[i] = seal;
    }
    qsort((void *)own->list, own->count, sizeof(void *), by_recipient);
    return status;
}

static enum status make_invitation(struct engine *engine, const struct act_invite *invite,
                                   const struct member_id *invited,
                                   const struct identity_signer *key,
                                   const struct invitation_code *code, struct made *out_made)
{
    struct own_seals own = {.count = 0};
    if (invite->root == NULL) {
        enum status sealed = seal_own(engine, code, invited, &own);
        if (sealed != STATUS_OK) {
            return sealed;
        }
    }
    Alcove__Seen seen;
    advance_seen(&engine->log, &seen);
    struct chain_label label;
    random_bytes(label.bytes, sizeof label.bytes);
    struct make_place place = {.label = &label, .seen = &seen};
    if (invite->root == NULL) {
        place.member = &engine->common.content->member;
        place.device = &engine->common.content->device_statement;
    }
    Alcove__Link link;
    make_link(&place, &link);
    Alcove__Invitation body;
    alcove__invitation__init(&body);
    body.link = &link;
    body.invited = field_of(invited->bytes, ID_BYTES);
    body.role = invite->role;
    body.key = field_of(identity_signer_public(key)->bytes, PUBLIC_KEY_BYTES);
    body.expires_ms = invite->expires_ms;
    body.n_own = own.count;
    body.own = own.list;
    if (invite->role == ROLE_CLIENT) {
        const struct authority_delegation *rests = delegation(engine);
        if (rests == NULL) {
            return STATUS_REFUSED;
        }
        body.authority = field_of(rests->statement.bytes, HASH_BYTES);
    }
    const struct identity_signer *signer =
        invite->root != NULL ? invite->root : engine->common.content->content_key;
    enum status status = make_statement(&engine->common.practice, STATEMENT_INVITATION, &body.base,
                                        &signer, 1, out_made);
    return status == STATUS_OK ? act_judge(engine, out_made) : status;
}

/* Who is invited by us shares a PSK with us from now on (decision 9); whoever the root invites
 * shares it with nobody. */
static enum status keep_psk(struct engine *engine, const struct act_invite *invite,
                            const struct member_id *invited, const struct secret *psk)
{
    if (invite->root != NULL) {
        return STATUS_OK;
    }
    enum status status = keystore_content_set_psk(engine->common.content, invited, psk);
    if (status == STATUS_OK) {
        common_changed(&engine->common);
    }
    return status;
}

static enum status invite_with(struct engine *engine, const struct act_invite *invite,
                               struct invitation_code *code, const struct member_id *invited,
                               const struct identity_signer *key, const struct secret *psk,
                               uint64_t *out_ticket)
{
    struct made made = {0};
    enum status status = make_invitation(engine, invite, invited, key, code, &made);
    struct span *statements = NULL;
    size_t count = 0;
    if (status == STATUS_OK) {
        status = gather(engine, invite->root != NULL, span_of(made.data, made.size), &statements,
                        &count);
    }
    uint8_t *bundle = NULL;
    size_t bundle_size = 0;
    if (status == STATUS_OK) {
        status = bundle_make(&engine->common.practice, statements, count, code,
                             invite->practice_name, invite->name, &bundle, &bundle_size);
    }
    struct wish *wish = NULL;
    if (status == STATUS_OK) {
        struct hash hash;
        hash_bytes(span_of(bundle, bundle_size), &hash);
        invitation_code_set_bundle(code, &hash);
        status = wish_new(&engine->outbox, WISH_READY, &wish);
    }
    if (status == STATUS_OK) {
        wish->member = *invited;
        status = wish_set(&wish->body, span_of(made.data, made.size));
    }
    if (status == STATUS_OK) {
        status = wish_set(&wish->extra, span_of(bundle, bundle_size));
    }
    if (status == STATUS_OK) {
        status = keep_psk(engine, invite, invited, psk);
    }
    if (status == STATUS_OK) {
        status = wish_add(&engine->outbox, wish, out_ticket);
    } else {
        wish_free(wish);
    }
    make_free(&made);
    free(statements);
    free(bundle);
    return status;
}

enum status act_invite(struct engine *engine, const struct act_invite *invite, uint64_t now_ms,
                       char *out_code, struct member_id *out_member, uint64_t *out_ticket)
{
    enum status status = invite->name.size == 0 || name_is_good(invite->name)
                             ? act_begin(engine, now_ms)
                             : STATUS_MALFORMED;
    struct member_id invited;
    random_bytes(invited.bytes, sizeof invited.bytes);
    if (status != STATUS_OK) {
        return status;
    }
    const char *address = engine->common.content->address;
    struct invitation_code code;
    status = invitation_code_new(span_of(address, strlen(address)), &code);
    if (status != STATUS_OK) {
        return status;
    }
    struct identity_signer *key = NULL;
    struct secret *psk = NULL;
    status = invitation_derive(&code, &engine->common.practice, &key, &psk);
    if (status == STATUS_OK) {
        status = invite_with(engine, invite, &code, &invited, key, psk, out_ticket);
    }
    if (status == STATUS_OK) {
        invitation_code_encode(&code, out_code);
        *out_member = invited;
        status = petname_set(&engine->names, &invited, invite->name);
    }
    if (status == STATUS_OK) {
        if (invite->role != ROLE_CLIENT && invite->name.size > 0) {
            status = act_name(engine, CLASS_DIRECTORY, NULL, &invited, invite->name);
        }
    }
    invitation_code_wipe(&code);
    identity_signer_free(key);
    secret_free(psk);
    return status;
}
