#include "tests/support/make_statements.h"

#include <sodium.h>

#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "tests/support/authority_digest.h"
#include "tests/support/make_internal.h"
#include "tests/support/test.h"

struct made make_section_statement(struct make_world *world, uint32_t class,
                                   struct make_person *client, const struct make_person *maker,
                                   struct make_section **out_section)
{
    Alcove__Section body = ALCOVE__SECTION__INIT;
    assert_true(world->section_count < MAKE_SECTIONS_MAX);
    struct make_section *section = &world->sections[world->section_count++];
    *out_section = section;
    *section = (struct make_section){.class = class, .client = client};
    random_bytes(section->id.bytes, ID_BYTES);
    random_bytes(section->label.bytes, HASH_BYTES);
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &section->label, maker, 0);
    body.link = &link;
    body.section = field_of(section->id.bytes, ID_BYTES);
    body.class_ = class;
    struct hash identity;
    if (client != NULL) {
        statement_chart_id(&client->id, &world->practice, &section->chart);
        statement_identity_hash(&client->identity.public, &world->practice, &identity);
        body.chart = field_of(section->chart.bytes, ID_BYTES);
        body.client = field_of(client->id.bytes, ID_BYTES);
        body.client_identity = field_of(identity.bytes, HASH_BYTES);
    }
    timeline_init(&section->timeline, &world->practice, &section->id);
    return make_sign_by(world, STATEMENT_SECTION, &body.base, key);
}

struct made make_grant(struct make_world *world, const struct make_section *section,
                       const struct make_person *grantee, uint32_t rights, uint64_t until_ms,
                       uint64_t history_from, const struct make_person *signer)
{
    Alcove__Grant body = ALCOVE__GRANT__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &section->label, signer, 0);
    struct hash identity;
    statement_identity_hash(&grantee->identity.public, &world->practice, &identity);
    body.link = &link;
    body.member = field_of(grantee->id.bytes, ID_BYTES);
    body.identity = field_of(identity.bytes, HASH_BYTES);
    body.rights = rights;
    body.until_ms = until_ms;
    body.history_from = history_from;
    const struct authority_section *facts = authority_section(world->authority, &section->id);
    const struct authority_member *member = authority_member(world->authority, &grantee->id);
    struct hash basis = {{0}};
    if (facts != NULL && member != NULL) {
        (void)authority_basis_of(world->authority, facts, member, rights,
                                 authority_now(world->time_ms), &body.basis_kind, &basis);
    }
    if (body.basis_kind == BASIS_NONE) {
        body.basis_kind = BASIS_ROLE;
    } else if (body.basis_kind == BASIS_RELATION) {
        body.basis = field_of(basis.bytes, HASH_BYTES);
    }
    return make_sign_by(world, STATEMENT_GRANT, &body.base, key);
}

struct made make_revocation(struct make_world *world, const struct make_section *section,
                            const struct hash *grant, const struct make_person *signer)
{
    Alcove__Revocation body = ALCOVE__REVOCATION__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &section->label, signer, 0);
    body.link = &link;
    body.grant = field_of(grant->bytes, HASH_BYTES);
    return make_sign_by(world, STATEMENT_REVOCATION, &body.base, key);
}

/* ---------------------------------------------------------------- seals */

struct seal_space {
    Alcove__Seal seal;
    struct hash recipient;
    uint8_t share[SEAL_SHARE_BYTES];
    uint8_t sealed[SEAL_SEALED_BYTES];
};

static void fill_seal(struct seal_space *space, const struct authority_recipient *recipient)
{
    alcove__seal__init(&space->seal);
    space->recipient = recipient->hash;
    random_bytes(space->share, sizeof space->share);
    random_bytes(space->sealed, sizeof space->sealed);
    space->seal.kind = recipient->kind;
    space->seal.mode = SEAL_BASE;
    space->seal.recipient = field_of(space->recipient.bytes, HASH_BYTES);
    space->seal.share = field_of(space->share, sizeof space->share);
    space->seal.sealed = field_of(space->sealed, sizeof space->sealed);
}

/* Positions of all devices that wrote, ascending. */
struct start_space {
    Alcove__AuthorStart start[EPOCH_STARTS_MAX];
    Alcove__AuthorStart *list[EPOCH_STARTS_MAX];
    size_t count;
};

static void fill_starts(struct start_space *space, const struct timeline *timeline)
{
    space->count = timeline->device_count;
    assert_true(space->count <= EPOCH_STARTS_MAX);
    for (size_t i = 0; i < space->count; i++) {
        const struct timeline_device *device = &timeline->devices[i];
        size_t at = 0;
        for (size_t j = 0; j < space->count; j++) {
            at += memcmp(timeline->devices[j].device.bytes, device->device.bytes, HASH_BYTES) < 0;
        }
        alcove__author_start__init(&space->start[at]);
        space->start[at].device = field_of(device->device.bytes, HASH_BYTES);
        space->start[at].number = device->number;
        space->start[at].link = field_of(device->link.bytes, HASH_BYTES);
        space->list[at] = &space->start[at];
    }
}

struct made make_epoch(struct make_world *world, const struct make_section *section,
                       const struct make_person *signer, size_t signer_device)
{
    static struct seal_space space[EPOCH_SEALS_MAX];
    static struct start_space starts;
    Alcove__Epoch body = ALCOVE__EPOCH__INIT;
    const struct authority_section *known = authority_section(world->authority, &section->id);
    const struct authority_when when = {world->seq, world->time_ms};
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &section->label, signer, signer_device);
    struct authority_recipient recipients[EPOCH_SEALS_MAX];
    size_t count = 0;
    assert_int_equal(authority_recipients(world->authority, known, when, recipients,
                                          ARRAY_LEN(recipients), &count),
                     STATUS_OK);
    struct hash membership;
    authority_membership(world->authority, known, when, &membership);
    struct hash commitment;
    random_bytes(commitment.bytes, HASH_BYTES);
    Alcove__Seal *list[EPOCH_SEALS_MAX];
    for (size_t i = 0; i < count; i++) {
        fill_seal(&space[i], &recipients[i]);
        list[i] = &space[i].seal;
    }
    fill_starts(&starts, &section->timeline);
    body.link = &link;
    body.epoch = known->epoch_count + 1u;
    if (known->epoch_count > 0) {
        body.previous_epoch =
            field_of(known->epochs[known->epoch_count - 1u].statement.bytes, HASH_BYTES);
    }
    body.membership = field_of(membership.bytes, HASH_BYTES);
    body.commitment = field_of(commitment.bytes, HASH_BYTES);
    body.section_number = section->timeline.number;
    body.section_head = field_of(section->timeline.head.bytes, HASH_BYTES);
    body.start = starts.list;
    body.n_start = starts.count;
    body.seal = list;
    body.n_seal = count;
    return make_sign_by(world, STATEMENT_EPOCH, &body.base, key);
}

struct made make_reseal(struct make_world *world, const struct make_section *section,
                        const struct authority_recipient *recipient, uint64_t from, uint64_t to,
                        const struct make_person *signer, size_t signer_device)
{
    static struct seal_space space[RESEAL_KEYS_MAX];
    static struct start_space starts;
    Alcove__Reseal body = ALCOVE__RESEAL__INIT;
    size_t count = (size_t)(to - from) + 1u;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &section->label, signer, signer_device);
    Alcove__ResealKey keys[RESEAL_KEYS_MAX];
    Alcove__ResealKey *list[RESEAL_KEYS_MAX];
    for (size_t i = 0; i < count; i++) {
        fill_seal(&space[i], recipient);
        alcove__reseal_key__init(&keys[i]);
        keys[i].epoch = from + i;
        keys[i].seal = &space[i].seal;
        list[i] = &keys[i];
    }
    fill_starts(&starts, &section->timeline);
    body.link = &link;
    body.section_number = section->timeline.number;
    body.section_head = field_of(section->timeline.head.bytes, HASH_BYTES);
    body.start = starts.list;
    body.n_start = starts.count;
    body.key = list;
    body.n_key = count;
    return make_sign_by(world, STATEMENT_RESEAL, &body.base, key);
}

struct made make_bad_seal(struct make_world *world, const struct make_section *section,
                          const struct hash *statement, const struct make_person *signer,
                          size_t signer_device)
{
    Alcove__BadSeal body = ALCOVE__BAD_SEAL__INIT;
    Alcove__Link link;
    const struct make_key *key = make_link_by(world, &link, &section->label, signer, signer_device);
    body.link = &link;
    body.statement = field_of(statement->bytes, HASH_BYTES);
    return make_sign_by(world, STATEMENT_BAD_SEAL, &body.base, key);
}

struct make_section *make_open_section(struct make_world *world, uint32_t class,
                                       struct make_person *client, const struct make_person *maker)
{
    struct make_section *section = NULL;
    make_take(world, make_section_statement(world, class, client, maker, &section));
    make_take(world, make_epoch(world, section, maker, 0));
    return section;
}

/* ---------------------------------------------------------------- taking */

static struct make_section *section_of(struct make_world *world, const struct section_id *id)
{
    for (size_t i = 0; i < world->section_count; i++) {
        if (ID_EQUAL(&world->sections[i].id, id)) {
            return &world->sections[i];
        }
    }
    return NULL;
}

static void step(struct make_world *world, struct make_section *section, uint32_t kind,
                 const struct hash *object, uint64_t time_ms)
{
    const struct timeline_entry entry = {.kind = kind, .object = *object, .time_ms = time_ms};
    enum timeline_reason reason = TIMELINE_FINE;
    enum status status = timeline_step(&section->timeline, world->authority, &entry, &reason);
    if (status != STATUS_OK) {
        fail_msg("entry: %s (%s)", status_name(status), timeline_reason_text(reason));
    }
}

static void log_taken(struct make_world *world, struct made made)
{
    if (world->log_count == world->log_capacity) {
        world->log_capacity = world->log_capacity * 2u + 64u;
        world->log = reallocarray(world->log, world->log_capacity, sizeof *world->log);
        assert_non_null(world->log);
    }
    world->log[world->log_count++] = (struct make_logged){made.bytes, world->seq, world->time_ms};
}

enum status make_try(struct make_world *world, struct made made)
{
    enum status status = authority_admit(world->authority, made.bytes, world->seq, world->time_ms,
                                         AUTHORITY_VERIFY, &world->result);
    if (status != STATUS_OK) {
        return status;
    }
    log_taken(world, made);
    uint64_t time_ms = world->time_ms;
    world->seq++;
    world->time_ms += 1000u;
    if (world->result.has_section) {
        step(world, section_of(world, &world->result.section), ENTRY_STATEMENT, &made.hash,
             time_ms);
    }
    for (size_t i = 0; i < world->result.touched_count; i++) {
        step(world, section_of(world, &world->result.touched[i]->id), ENTRY_ECHO, &made.hash,
             time_ms);
    }
    return STATUS_OK;
}

struct hash make_take(struct make_world *world, struct made made)
{
    enum status status = make_try(world, made);
    if (status != STATUS_OK) {
        fail_msg("statement of type %u: %s (%s)", (unsigned)world->result.type, status_name(status),
                 authority_reason_text(world->result.reason));
    }
    return made.hash;
}

void make_refused(struct make_world *world, struct made made, enum status status,
                  enum authority_reason reason)
{
    struct hash before;
    authority_digest(world->authority, &before);
    enum status got = make_try(world, made);
    if (got != status || world->result.reason != reason) {
        fail_msg("statement of type %u: %s (%s) instead of %s (%s)", (unsigned)world->result.type,
                 status_name(got), authority_reason_text(world->result.reason), status_name(status),
                 authority_reason_text(reason));
    }
    struct hash after;
    authority_digest(world->authority, &after);
    assert_memory_equal(before.bytes, after.bytes, HASH_BYTES);
}

size_t make_end_by_clock(struct make_world *world)
{
    struct authority_ending endings[16];
    size_t total = 0;
    size_t count = 0;
    do {
        count = authority_endings(world->authority, world->time_ms, endings, ARRAY_LEN(endings));
        for (size_t i = 0; i < count; i++) {
            struct hash grant = endings[i].grant->statement;
            struct make_section *section = section_of(world, &endings[i].section->id);
            step(world, section, ENTRY_ENDED, &grant, world->time_ms);
            assert_int_equal(authority_mark_ended(world->authority, &section->id, &grant),
                             STATUS_OK);
        }
        total += count;
    } while (count > 0);
    return total;
}

/* ---------------------------------------------------------------- revisions */

static void pack_context(struct make_world *world, Alcove__Context *context,
                         struct make_revision *out)
{
    if (world->tamper != NULL) {
        world->tamper(world->tamper_context, &context->base);
        world->tamper = NULL;
    }
    assert_int_equal(
        message_pack_into(&context->base, out->context, sizeof out->context, &out->context_size),
        STATUS_OK);
    struct span bytes = span_of(out->context, out->context_size);
    assert_int_equal(revision_context_parse(bytes, &out->parsed), STATUS_OK);
}

static void sign_header(struct make_world *world, const struct make_key *key,
                        struct make_revision *out)
{
    static const uint8_t envelope[64];
    Alcove__Header header = ALCOVE__HEADER__INIT;
    struct hash hash;
    hash_bytes(span_of(envelope, sizeof envelope), &hash);
    header.context_hash = field_of(out->parsed.hash.bytes, HASH_BYTES);
    header.envelope_size = sizeof envelope;
    header.envelope_hash = field_of(hash.bytes, HASH_BYTES);
    assert_int_equal(
        message_pack_into(&header.base, out->header, sizeof out->header, &out->header_size),
        STATUS_OK);
    struct span part = span_of(out->header, out->header_size);
    struct frame frame;
    assert_int_equal(frame_build(LABEL_REVISION, &world->practice, &part, 1, &frame), STATUS_OK);
    assert_int_equal(
        crypto_sign_detached(out->signature.bytes, NULL, frame.data, frame.size, key->secret), 0);
    frame_free(&frame);
    revision_link(part, &out->signature, &world->practice, &out->link);
}

void make_revision(struct make_world *world, const struct make_section *section,
                   const struct make_person *author, size_t device, struct make_revision *out)
{
    const struct authority_section *known = authority_section(world->authority, &section->id);
    const struct make_device *with = &author->device[device];
    Alcove__Context context = ALCOVE__CONTEXT__INIT;
    *out = (struct make_revision){0};
    struct note_id note;
    random_bytes(note.bytes, ID_BYTES);
    uint64_t number = 0;
    struct hash link;
    timeline_device_position(&section->timeline, &with->statement, &number, &link);
    context.section = field_of(section->id.bytes, ID_BYTES);
    context.class_ = section->class;
    context.chart =
        section->client != NULL ? field_of(section->chart.bytes, ID_BYTES) : field_of(NULL, 0);
    context.note = field_of(note.bytes, ID_BYTES);
    context.revision = 1;
    context.epoch = known->epoch_count;
    context.epoch_statement =
        field_of(known->epochs[known->epoch_count - 1u].statement.bytes, HASH_BYTES);
    context.kind = REVISION_DRAFT;
    context.member = field_of(author->id.bytes, ID_BYTES);
    context.device = field_of(with->statement.bytes, HASH_BYTES);
    context.device_number = number + 1u;
    context.device_link = number > 0 ? field_of(link.bytes, HASH_BYTES) : field_of(NULL, 0);
    context.section_number = section->timeline.number;
    context.section_head = field_of(section->timeline.head.bytes, HASH_BYTES);
    pack_context(world, &context, out);
    sign_header(world, &with->content, out);
}

enum status make_write(struct make_world *world, struct make_section *section,
                       const struct make_revision *revision, enum timeline_reason *out_reason)
{
    const struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                         .object = revision->link,
                                         .context = &revision->parsed,
                                         .time_ms = world->time_ms};
    return timeline_step(&section->timeline, world->authority, &entry, out_reason);
}
