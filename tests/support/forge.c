#include "tests/support/forge.h"

#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "keys/public/log/leaf.h"
#include "keys/public/revision.h"
#include "proto/message.h"
#include "tests/support/test.h"

#define ENVELOPE_BYTES 256u

void forge_init(struct mirror *mirror, struct live_person *actor, struct forge *out_forge)
{
    *out_forge = (struct forge){.mirror = mirror, .actor = actor};
}

/* ---- putting a request together */

static void begin(struct forge *forge, const struct chain_label *label)
{
    mirror_update(forge->mirror);
    const struct authority_chain *chain = authority_chain(forge->mirror->authority, label);
    forge->count = 0;
    forge->label = *label;
    forge->chain_count = chain != NULL ? chain->count : 0;
    memset(&forge->last, 0, sizeof forge->last);
    if (chain != NULL) {
        forge->last = chain->last;
    }
}

static void begin_section(struct forge *forge, const struct section_id *section)
{
    mirror_update(forge->mirror);
    const struct authority_section *facts = authority_section(forge->mirror->authority, section);
    struct chain_label label;
    random_bytes(label.bytes, sizeof label.bytes);
    begin(forge, facts != NULL ? &facts->label : &label);
    forge->section = *section;
    if (forge->absent) {
        random_bytes(forge->label.bytes, sizeof forge->label.bytes);
    }
    mirror_head(forge->mirror, section, &forge->number, &forge->head);
}

static void link_of(struct forge *forge, Alcove__Link *out_link)
{
    const struct make_place place = {.label = &forge->label,
                                     .number = forge->chain_count,
                                     .previous = &forge->last,
                                     .member = &forge->actor->content.member,
                                     .device = &forge->actor->content.device_statement};
    make_link(&place, out_link);
}

/* Whether it would hold, for sections' chains; others are not tried. */
static bool add(struct forge *forge, enum statement_type type, const ProtobufCMessage *body)
{
    const struct identity_signer *signer = forge->actor->content.content_key;
    struct made *made = &forge->made[forge->count];
    struct hash before = forge->head;
    assert_true(forge->count < FORGE_STATEMENTS_MAX);
    OK(make_statement(&forge->mirror->live->practice, type, body, &signer, 1, made));
    bool holds = false;
    if (statement_rule(type)->subject == STATEMENT_OF_SECTION) {
        holds = mirror_try(forge->mirror, span_of(made->data, made->size), forge->count);
        forge->number++;
        leaf_section_head(&forge->mirror->live->practice, &before, forge->number, ENTRY_STATEMENT,
                          &made->hash, &forge->head);
    }
    forge->count++;
    forge->chain_count++;
    forge->last = made->hash;
    return holds;
}

static struct live_reply *send_ask(struct forge *forge, Alcove__Revision *revision)
{
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    ProtobufCBinaryData statements[FORGE_STATEMENTS_MAX];
    for (size_t i = 0; i < forge->count; i++) {
        statements[i] = field_of(forge->made[i].data, forge->made[i].size);
    }
    ask.n_statement = forge->count;
    ask.statement = statements;
    ask.n_revision = revision != NULL ? 1 : 0;
    ask.revision = &revision;
    mirror_restore(forge->mirror);
    if (revision != NULL) {
        ask.purpose = mirror_purpose(forge->mirror, &forge->actor->content.member, &forge->section);
    }
    struct live_reply *reply = live_ask(forge->actor, OP_SUBMIT, &ask.base);
    for (size_t i = 0; i < forge->count; i++) {
        make_free(&forge->made[i]);
    }
    forge->count = 0;
    return reply;
}

/* ---- epochs */

struct seals {
    Alcove__Seal seal[EPOCH_SEALS_MAX];
    Alcove__Seal *list[EPOCH_SEALS_MAX];
    uint8_t bytes[SEAL_SEALED_BYTES];
};

static void fill_seal(struct seals *seals, size_t i, const struct authority_recipient *recipient)
{
    Alcove__Seal *seal = &seals->seal[i];
    alcove__seal__init(seal);
    seal->kind = recipient->kind;
    seal->recipient = field_of(recipient->hash.bytes, HASH_BYTES);
    seal->mode = SEAL_BASE;
    seal->share = field_of(seals->bytes, SEAL_SHARE_BYTES);
    seal->sealed = field_of(seals->bytes, SEAL_SEALED_BYTES);
    seals->list[i] = seal;
}

/* Where each author's own numbers stand, for who starts reading here. */
struct starts {
    struct statement_start start[EPOCH_STARTS_MAX];
    Alcove__AuthorStart wire[EPOCH_STARTS_MAX];
    Alcove__AuthorStart *list[EPOCH_STARTS_MAX];
    size_t count;
};

static void fill_starts(const struct forge *forge, struct starts *starts)
{
    starts->count = mirror_starts(forge->mirror, &forge->section, starts->start, EPOCH_STARTS_MAX);
    for (size_t i = 0; i < starts->count; i++) {
        Alcove__AuthorStart *wire = &starts->wire[i];
        alcove__author_start__init(wire);
        wire->device = field_of(starts->start[i].device.bytes, HASH_BYTES);
        wire->number = starts->start[i].number;
        wire->link = field_of(starts->start[i].link.bytes, HASH_BYTES);
        starts->list[i] = wire;
    }
}

static void add_epoch(struct forge *forge)
{
    static struct seals seals;
    static struct starts starts;
    static struct authority_recipient recipients[EPOCH_SEALS_MAX];
    const struct authority *authority = forge->mirror->authority;
    const struct authority_section *facts = authority_section(authority, &forge->section);
    struct authority_when when = mirror_now(forge->mirror);
    Alcove__Epoch epoch = ALCOVE__EPOCH__INIT;
    assert_non_null(facts);
    random_bytes(seals.bytes, sizeof seals.bytes);
    struct hash commitment;
    random_bytes(commitment.bytes, sizeof commitment.bytes);
    struct hash membership;
    authority_membership(authority, facts, when, &membership);
    size_t count = 0;
    OK(authority_recipients(authority, facts, when, recipients, EPOCH_SEALS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        fill_seal(&seals, i, &recipients[i]);
    }
    Alcove__Link link;
    link_of(forge, &link);
    epoch.link = &link;
    epoch.epoch = facts->epoch_count + 1u;
    struct hash previous = {{0}};
    if (facts->epoch_count > 0) {
        previous = facts->epochs[facts->epoch_count - 1u].statement;
        epoch.previous_epoch = field_of(previous.bytes, HASH_BYTES);
    }
    epoch.membership = field_of(membership.bytes, HASH_BYTES);
    epoch.commitment = field_of(commitment.bytes, HASH_BYTES);
    epoch.section_number = forge->number;
    epoch.section_head = field_of(forge->head.bytes, forge->number > 0 ? HASH_BYTES : 0);
    epoch.n_seal = count;
    epoch.seal = seals.list;
    fill_starts(forge, &starts);
    epoch.n_start = starts.count;
    epoch.start = starts.list;
    (void)add(forge, STATEMENT_EPOCH, &epoch.base);
}

struct live_reply *forge_rotate(struct forge *forge, const struct section_id *section)
{
    begin_section(forge, section);
    add_epoch(forge);
    return send_ask(forge, NULL);
}

struct live_reply *forge_reseal(struct forge *forge, const struct section_id *section,
                                const struct hash *device)
{
    static struct seals seals;
    static struct starts starts;
    const struct authority_recipient recipient = {*device, RECIPIENT_DEVICE};
    Alcove__ResealKey key = ALCOVE__RESEAL_KEY__INIT;
    Alcove__ResealKey *keys[] = {&key};
    Alcove__Reseal reseal = ALCOVE__RESEAL__INIT;
    begin_section(forge, section);
    random_bytes(seals.bytes, sizeof seals.bytes);
    fill_seal(&seals, 0, &recipient);
    Alcove__Link link;
    link_of(forge, &link);
    key.epoch = 1;
    key.seal = &seals.seal[0];
    reseal.link = &link;
    reseal.section_number = forge->number;
    reseal.section_head = field_of(forge->head.bytes, HASH_BYTES);
    fill_starts(forge, &starts);
    reseal.n_start = starts.count;
    reseal.start = starts.list;
    reseal.n_key = 1;
    reseal.key = keys;
    (void)add(forge, STATEMENT_RESEAL, &reseal.base);
    return send_ask(forge, NULL);
}

/* ---- who is in */

struct live_reply *forge_create(struct forge *forge, uint32_t class, const struct chart_id *chart,
                                const struct member_id *client)
{
    Alcove__Section body = ALCOVE__SECTION__INIT;
    struct section_id section;
    random_bytes(section.bytes, sizeof section.bytes);
    begin_section(forge, &section);
    memset(&forge->head, 0, sizeof forge->head);
    Alcove__Link link;
    link_of(forge, &link);
    body.link = &link;
    body.section = field_of(section.bytes, ID_BYTES);
    body.class_ = class;
    if (client != NULL) {
        const struct authority_member *member = authority_member(forge->mirror->authority, client);
        assert_non_null(member);
        body.chart = field_of(chart->bytes, ID_BYTES);
        body.client = field_of(client->bytes, ID_BYTES);
        body.client_identity = field_of(member->identity.bytes, HASH_BYTES);
    }
    if (add(forge, STATEMENT_SECTION, &body.base)) {
        add_epoch(forge);
    }
    return send_ask(forge, NULL);
}

struct live_reply *forge_grant(struct forge *forge, const struct section_id *section,
                               const struct member_id *member, uint32_t rights)
{
    const struct authority_member *grantee = authority_member(forge->mirror->authority, member);
    Alcove__Grant grant = ALCOVE__GRANT__INIT;
    assert_non_null(grantee);
    begin_section(forge, section);
    Alcove__Link link;
    link_of(forge, &link);
    grant.link = &link;
    grant.member = field_of(member->bytes, ID_BYTES);
    grant.identity = field_of(grantee->identity.bytes, HASH_BYTES);
    grant.rights = rights;
    grant.history_from = 1;
    const struct authority_section *facts = authority_section(forge->mirror->authority, section);
    struct hash basis = {{0}};
    (void)authority_basis_of(forge->mirror->authority, facts, grantee, rights,
                             authority_now(UINT64_MAX - 1u), &grant.basis_kind, &basis);
    if (grant.basis_kind == BASIS_NONE) {
        grant.basis_kind = BASIS_ROLE;
    } else if (grant.basis_kind == BASIS_RELATION) {
        grant.basis = field_of(basis.bytes, HASH_BYTES);
    }
    if (add(forge, STATEMENT_GRANT, &grant.base)) {
        add_epoch(forge);
    }
    return send_ask(forge, NULL);
}

struct live_reply *forge_revoke(struct forge *forge, const struct section_id *section,
                                const struct member_id *member)
{
    begin_section(forge, section);
    const struct authority_section *facts = authority_section(forge->mirror->authority, section);
    Alcove__Revocation body = ALCOVE__REVOCATION__INIT;
    struct hash revoked = {{0}};
    for (size_t i = 0; facts != NULL && i < facts->grant_count; i++) {
        if (ID_EQUAL(&facts->grants[i].member, member) &&
            facts->grants[i].ended_seq == AUTHORITY_NEVER) {
            revoked = facts->grants[i].statement;
        }
    }
    Alcove__Link link;
    link_of(forge, &link);
    body.link = &link;
    body.grant = field_of(revoked.bytes, HASH_BYTES);
    if (add(forge, STATEMENT_REVOCATION, &body.base)) {
        add_epoch(forge);
    }
    return send_ask(forge, NULL);
}

/* ---- notes */

/* A revision's parts while they are put together. */
struct writing {
    uint8_t context[CONTEXT_BYTES_MAX];
    size_t context_size;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_size;
    uint8_t envelope[ENVELOPE_BYTES];
    uint8_t wrap[WRAP_BYTES];
    struct signature signature;
};

static void write_context(struct forge *forge, uint32_t kind, const struct note_id *note,
                          const struct hash *parent, struct writing *writing)
{
    const struct keystore_content *keys = &forge->actor->content;
    const struct authority_section *facts =
        authority_section(forge->mirror->authority, &forge->section);
    Alcove__Context context = ALCOVE__CONTEXT__INIT;
    assert_non_null(facts);
    const struct authority_epoch *epoch = authority_epoch(facts, mirror_now(forge->mirror));
    assert_non_null(epoch);
    struct hash device_link;
    uint64_t position = 0;
    mirror_position(forge->mirror, &forge->section, &keys->device, &position, &device_link);
    struct section_id nowhere;
    random_bytes(nowhere.bytes, sizeof nowhere.bytes);
    context.section = field_of(forge->absent ? nowhere.bytes : forge->section.bytes, ID_BYTES);
    context.class_ = facts->class;
    context.chart = field_of(facts->chart.bytes, facts->has_chart ? ID_BYTES : 0);
    context.note = field_of(note->bytes, ID_BYTES);
    context.revision = parent != NULL ? 1000 : 1;
    context.n_parent = parent != NULL ? 1 : 0;
    ProtobufCBinaryData parents[1];
    parents[0] = field_of(parent != NULL ? parent->bytes : NULL, HASH_BYTES);
    context.parent = parents;
    context.epoch = epoch->epoch;
    context.epoch_statement = field_of(epoch->statement.bytes, HASH_BYTES);
    context.kind = kind;
    context.member = field_of(keys->member.bytes, ID_BYTES);
    context.device = field_of(keys->device_statement.bytes, HASH_BYTES);
    context.device_number = position + 1u;
    context.device_link = field_of(device_link.bytes, position > 0 ? HASH_BYTES : 0);
    context.section_number = forge->number;
    context.section_head = field_of(forge->head.bytes, HASH_BYTES);
    OK(message_pack_into(&context.base, writing->context, sizeof writing->context,
                         &writing->context_size));
}

static void write_header(struct forge *forge, struct writing *writing)
{
    Alcove__Header header = ALCOVE__HEADER__INIT;
    struct hash context_hash;
    hash_bytes(span_of(writing->context, writing->context_size), &context_hash);
    struct hash envelope_hash;
    hash_bytes(span_of(writing->envelope, sizeof writing->envelope), &envelope_hash);
    header.context_hash = field_of(context_hash.bytes, HASH_BYTES);
    header.envelope_size = sizeof writing->envelope;
    header.envelope_hash = field_of(envelope_hash.bytes, HASH_BYTES);
    OK(message_pack_into(&header.base, writing->header, sizeof writing->header,
                         &writing->header_size));
    struct span bytes = span_of(writing->header, writing->header_size);
    OK(identity_sign(forge->actor->content.content_key, LABEL_REVISION,
                     &forge->mirror->live->practice, &bytes, 1, &writing->signature));
    revision_link(bytes, &writing->signature, &forge->mirror->live->practice, &forge->link);
}

struct live_reply *forge_write(struct forge *forge, const struct section_id *section, uint32_t kind,
                               const struct note_id *note, const struct hash *parent)
{
    Alcove__Revision revision = ALCOVE__REVISION__INIT;
    struct note_id fresh;
    random_bytes(fresh.bytes, sizeof fresh.bytes);
    struct writing writing;
    random_bytes(writing.envelope, sizeof writing.envelope);
    random_bytes(writing.wrap, sizeof writing.wrap);
    begin_section(forge, section);
    write_context(forge, kind, note != NULL ? note : &fresh, parent, &writing);
    write_header(forge, &writing);
    revision.context = field_of(writing.context, writing.context_size);
    revision.header = field_of(writing.header, writing.header_size);
    revision.signature = field_of(writing.signature.bytes, SIGNATURE_BYTES);
    revision.wrap = field_of(writing.wrap, sizeof writing.wrap);
    revision.envelope = field_of(writing.envelope, sizeof writing.envelope);
    return send_ask(forge, &revision);
}

struct live_reply *forge_opened(struct forge *forge, const struct section_id *section,
                                const struct note_id *note, const struct hash *link)
{
    const struct keystore_content *keys = &forge->actor->content;
    Alcove__Opened opened = ALCOVE__OPENED__INIT;
    Alcove__OpenedAsk ask = ALCOVE__OPENED_ASK__INIT;
    struct section_id nowhere;
    random_bytes(nowhere.bytes, sizeof nowhere.bytes);
    opened.section = field_of(forge->absent ? nowhere.bytes : section->bytes, ID_BYTES);
    opened.note = field_of(note->bytes, ID_BYTES);
    opened.link = field_of(link->bytes, HASH_BYTES);
    opened.member = field_of(keys->member.bytes, ID_BYTES);
    opened.device = field_of(keys->device_statement.bytes, HASH_BYTES);
    opened.opened_ms = live_now_ms(forge->mirror->live);
    uint8_t bytes[512];
    size_t size = 0;
    OK(message_pack_into(&opened.base, bytes, sizeof bytes, &size));
    struct span body = span_of(bytes, size);
    struct signature signature;
    OK(identity_sign(keys->content_key, LABEL_OPENED, &forge->mirror->live->practice, &body, 1,
                     &signature));
    ask.opened = field_of(bytes, size);
    ask.signature = field_of(signature.bytes, SIGNATURE_BYTES);
    return live_ask(forge->actor, OP_OPENED, &ask.base);
}
