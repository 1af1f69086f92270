#include "client/engine/api/act_pair.h"

#include "client/engine/api/act_inside.h"
#include "client/engine/join/bundle.h"
#include "client/engine/log/fold.h"
#include "client/engine/pair/handover.h"
#include "client/engine/section/device_name.h"
#include "client/engine/section/petname.h"
#include "keys/public/bytes/random.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/hash.h"

static size_t device_count(const struct authority_member *self)
{
    size_t count = 0;
    for (const struct authority_device *device = self->devices; device != NULL;
         device = device->next) {
        count++;
    }
    return count;
}

/* The practice's chain, which pins practice and server for whoever has the code. */
static enum status make_bundle(struct engine *engine, struct invitation_code *code,
                               uint8_t **out_bundle, size_t *out_size)
{
    struct span *statements = malloc((engine->log.fact_count + 1) * sizeof *statements);
    if (statements == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < engine->log.fact_count; i++) {
        const struct fact *fact = &engine->log.facts[i];
        if (ID_EQUAL(&fact->label, &engine->log.facts[0].label)) {
            statements[count++] = span_of(fact->bytes, fact->size);
        }
    }
    const char *own = name_of(&engine->names, &engine->common.content->member);
    const char *practice = engine->names.practice;
    enum status status = bundle_make(
        &engine->common.practice, statements, count, code, span_of(practice, strlen(practice)),
        own == NULL ? span_of(NULL, 0) : span_of(own, strlen(own)), out_bundle, out_size);
    free(statements);
    if (status == STATUS_OK && *out_size > MEETING_BUNDLE_BYTES_MAX) {
        free(*out_bundle);
        *out_bundle = NULL;
        status = STATUS_TOO_LARGE;
    }
    return status;
}

/* The meeting is opened in our name, so that the server can bound how many a member has. */
static enum status sign_offer(const struct engine *engine, struct pair_offer *offer,
                              const struct pairing_keys *keys, struct span bundle)
{
    const struct keystore_content *content = engine->common.content;
    struct hash hash;
    hash_bytes(bundle, &hash);
    struct span parts[] = {ID_SPAN(&content->member), ID_SPAN(&content->device_statement),
                           span_of(keys->place, sizeof keys->place),
                           span_of(offer->host, sizeof offer->host), ID_SPAN(&hash)};
    struct signature signature;
    enum status status =
        identity_sign(content->content_key, LABEL_DEVICE_OFFER, &engine->common.practice, parts,
                      ARRAY_LEN(parts), &signature);
    if (status != STATUS_OK) {
        return status;
    }
    Alcove__MeetOpenAsk ask;
    alcove__meet_open_ask__init(&ask);
    ask.member = field_of(content->member.bytes, ID_BYTES);
    ask.device = field_of(content->device_statement.bytes, HASH_BYTES);
    ask.place = field_of(keys->place, sizeof keys->place);
    ask.host = field_of(offer->host, sizeof offer->host);
    ask.bundle = field_of(bundle.data, bundle.size);
    ask.signature = field_of(signature.bytes, SIGNATURE_BYTES);
    uint8_t *packed = NULL;
    size_t size = 0;
    status = message_pack(&ask.base, &packed, &size);
    if (status == STATUS_OK && size > sizeof offer->ask) {
        status = STATUS_TOO_LARGE;
    }
    if (status == STATUS_OK) {
        memcpy(offer->ask, packed, size);
        offer->ask_size = (uint32_t)size;
    }
    free(packed);
    return status;
}

static enum status fill_offer(struct engine *engine, struct pair_offer *offer)
{
    const char *address = engine->common.content->address;
    enum status status = invitation_code_new(span_of(address, strlen(address)), &offer->code);
    offer->code.kind = INVITATION_KIND_DEVICE;
    uint8_t *bundle = NULL;
    size_t bundle_size = 0;
    if (status == STATUS_OK) {
        status = make_bundle(engine, &offer->code, &bundle, &bundle_size);
    }
    struct pairing_keys keys = {0};
    if (status == STATUS_OK) {
        struct hash hash;
        hash_bytes(span_of(bundle, bundle_size), &hash);
        invitation_code_set_bundle(&offer->code, &hash);
        random_bytes(offer->host, sizeof offer->host);
        status = pairing_keys_derive(&offer->code, &engine->common.practice, &keys);
    }
    if (status == STATUS_OK) {
        status = sign_offer(engine, offer, &keys, span_of(bundle, bundle_size));
    }
    pairing_keys_deinit(&keys);
    free(bundle);
    return status;
}

enum status act_pair_offer(struct engine *engine, uint64_t now_ms, struct pair_offer *out_offer)
{
    memset(out_offer, 0, sizeof *out_offer);
    enum status status = act_begin(engine, now_ms);
    if (status != STATUS_OK) {
        return status;
    }
    const struct authority_member *self = fold_self(&engine->log);
    if (engine->common.content->identity == NULL) {
        return STATUS_UNSUPPORTED;
    }
    if (device_count(self) >= MEMBER_DEVICES_MAX) {
        return STATUS_FULL;
    }
    out_offer->practice = engine->common.practice;
    out_offer->member = self->id;
    out_offer->identity_key = *identity_signer_public(engine->common.content->identity);
    status = fill_offer(engine, out_offer);
    if (status != STATUS_OK) {
        wipe(out_offer, sizeof *out_offer);
    }
    return status;
}

/* ---- handing over */

static void add_devices(const struct engine *engine, struct cursor_writer *text)
{
    const struct authority_member *self = fold_self(&engine->log);
    for (const struct authority_device *device = self == NULL ? NULL : self->devices;
         device != NULL; device = device->next) {
        char own[DEVICE_NAME_BYTES_MAX];
        (void)device_name_get(&engine->common.storage, &device->statement, own);
        struct handover_name name = {HANDOVER_NAME_DEVICE, device->statement,
                                     span_of(own, strlen(own))};
        (void)handover_add_name(text, &name);
    }
}

static void add_people(const struct engine *engine, struct cursor_writer *text)
{
    const struct names *names = &engine->names;
    struct handover_name practice = {
        HANDOVER_NAME_PRACTICE, {{0}}, span_of(names->practice, strlen(names->practice))};
    (void)handover_add_name(text, &practice);
    for (size_t i = 0; i < names->count; i++) {
        struct handover_name name = {HANDOVER_NAME_MEMBER,
                                     {{0}},
                                     span_of(names->items[i].text, strlen(names->items[i].text))};
        memcpy(name.id.bytes, names->items[i].member.bytes, ID_BYTES);
        if (names->items[i].from == NAME_OURS && !handover_add_name(text, &name)) {
            return;
        }
    }
}

static enum status write_text(struct engine *engine, const struct act_pair_said *said,
                              uint8_t *text, size_t *out_size)
{
    const struct practice_id *practice = &engine->common.practice;
    struct signature signature;
    enum status status = identity_sign(engine->common.content->identity, LABEL_DEVICE, practice,
                                       &said->body, 1, &signature);
    struct cursor_writer writer;
    cursor_write_init(&writer, text, HANDOVER_BYTES_MAX);
    if (status == STATUS_OK) {
        handover_begin(&writer, &signature, engine->common.content);
        add_devices(engine, &writer);
        add_people(engine, &writer);
        status = cursor_write_done(&writer, out_size);
    }
    return status;
}

enum status act_pair_hand(struct engine *engine, const struct act_pair_said *said,
                          uint8_t **out_sealed, size_t *out_size)
{
    if (engine->common.content->identity == NULL) {
        return STATUS_UNSUPPORTED;
    }
    uint8_t *text = malloc(HANDOVER_BYTES_MAX);
    uint8_t *sealed = malloc(HANDOVER_BYTES_MAX + PAIRING_HANDOVER_OVERHEAD_BYTES);
    enum status status = text == NULL || sealed == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    size_t size = 0;
    if (status == STATUS_OK) {
        status = write_text(engine, said, text, &size);
    }
    struct pairing_keys keys = {0};
    if (status == STATUS_OK) {
        status = pairing_keys_derive(said->code, &engine->common.practice, &keys);
    }
    if (status == STATUS_OK) {
        status = pairing_hand(&keys, &engine->common.practice, &said->transcript,
                              &said->sealing_key, span_of(text, size), sealed);
    }
    if (text != NULL) {
        wipe(text, HANDOVER_BYTES_MAX);
    }
    free(text);
    pairing_keys_deinit(&keys);
    if (status != STATUS_OK) {
        free(sealed);
        return status;
    }
    *out_sealed = sealed;
    *out_size = size + PAIRING_HANDOVER_OVERHEAD_BYTES;
    return STATUS_OK;
}

enum status act_pair_own(const struct storage *storage, const struct hash *statement,
                         struct span name)
{
    enum status status = device_name_set(storage, statement, name);
    return status == STATUS_MALFORMED ? device_name_set(storage, statement, span_of(NULL, 0))
                                      : status;
}

enum status act_pair_named(struct engine *engine, const struct hash *statement, struct span name)
{
    return act_pair_own(&engine->common.storage, statement, name);
}

/* ---- on the new device */

struct keeping {
    const struct storage *storage;
    enum status status;
};

static bool keep_one(void *visitor, const struct handover_name *name)
{
    struct keeping *keeping = visitor;
    struct member_id member;
    memcpy(member.bytes, name->id.bytes, ID_BYTES);
    switch (name->kind) {
    case HANDOVER_NAME_MEMBER:
        keeping->status = petname_keep(keeping->storage, &member, name->name);
        break;
    case HANDOVER_NAME_PRACTICE:
        keeping->status = petname_keep(keeping->storage, NULL, name->name);
        break;
    case HANDOVER_NAME_DEVICE:
        keeping->status = device_name_set(keeping->storage, &name->id, name->name);
        break;
    }
    if (keeping->status == STATUS_MALFORMED) {
        keeping->status = STATUS_OK;
    }
    return keeping->status == STATUS_OK;
}

enum status act_pair_keep(const struct storage *storage, struct span names)
{
    struct keeping keeping = {storage, STATUS_OK};
    enum status status = handover_names(names, keep_one, &keeping);
    return status == STATUS_OK ? keeping.status : status;
}
