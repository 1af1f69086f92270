#include "tests/bench/author.h"

#include "keys/public/bytes/random.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/log/leaf.h"
#include "tests/bench/peer.h"

static struct author_bytes pack(const ProtobufCMessage *message)
{
    struct author_bytes bytes = {0};
    peer_must(message_pack(message, &bytes.data, &bytes.size) == STATUS_OK, "packing");
    return bytes;
}

static ProtobufCBinaryData hash_field(const struct hash *hash)
{
    return field_of(hash->bytes, HASH_BYTES);
}

/* Signs a body and packs the statement around it; frees the body. */
static struct author_bytes statement_of(const struct author *author, uint32_t type,
                                        enum label label, struct author_bytes body,
                                        struct hash *out_hash)
{
    const struct keystore_content *content = author->content;
    const struct span parts[] = {span_of(body.data, body.size)};
    struct signature signature;
    peer_must(identity_sign(content->content_key, label, &content->practice, parts, 1,
                            &signature) == STATUS_OK,
              "a statement cannot be signed");
    Alcove__Statement statement = ALCOVE__STATEMENT__INIT;
    ProtobufCBinaryData signatures[] = {field_of(signature.bytes, SIGNATURE_BYTES)};
    statement.suite = FRAME_SUITE_CLASSICAL;
    statement.type = type;
    statement.body = field_of(body.data, body.size);
    statement.signature = signatures;
    statement.n_signature = 1;
    const struct author_bytes bytes = pack(&statement.base);
    free(body.data);
    statement_hash(span_of(bytes.data, bytes.size), &content->practice, out_hash);
    return bytes;
}

static void fill_link(const struct author *author, const struct author_section *section,
                      uint64_t number, const struct hash *previous, Alcove__Link *out)
{
    alcove__link__init(out);
    out->label = field_of(section->label.bytes, HASH_BYTES);
    out->number = number;
    out->member = field_of(author->content->member.bytes, ID_BYTES);
    out->device = hash_field(&author->content->device_statement);
    if (number > 0) {
        out->previous = hash_field(previous);
    }
}

static void own_membership(const struct author *author, struct hash *out)
{
    static const uint8_t rights_and_until[12] = {0, 0, 0, RIGHT_READ | RIGHT_WRITE | RIGHT_OWN};
    const struct keystore_content *content = author->content;
    peer_must(content->identity != NULL, "the profile must be of a first device");
    struct hash identity;
    statement_identity_hash(identity_signer_public(content->identity), &content->practice,
                            &identity);
    const struct span parts[] = {ID_SPAN(&content->member), ID_SPAN(&identity),
                                 span_of(rights_and_until, sizeof rights_and_until)};
    frame_hash(LABEL_MEMBERSHIP, &content->practice, parts, ARRAY_LEN(parts), out);
}

/* One seal of the section's key, into the caller's bytes. */
static void seal_to(const struct author *author, const struct author_section *section,
                    const struct hash *membership, const struct public_key *recipient,
                    uint8_t out[static EPOCH_KEY_SEALED_BYTES])
{
    const struct epoch_key_place place = {.practice = author->content->practice,
                                          .section = section->section,
                                          .epoch = section->epoch,
                                          .membership = *membership};
    const struct epoch_key_parties parties = {
        .recipient_statement = author->content->device_statement,
        .sender_statement = author->content->device_statement};
    peer_must(epoch_key_seal(section->epoch_key, &place, &parties, recipient, NULL, out) ==
                  STATUS_OK,
              "an epoch key cannot be sealed");
}

static void fill_seals(const struct author *author, const struct author_section *section,
                       const struct hash *membership, Alcove__Seal seals[2],
                       uint8_t sealed[2][EPOCH_KEY_SEALED_BYTES])
{
    struct identity_sealer *nobody = NULL;
    peer_must(identity_sealer_new(&nobody) == STATUS_OK, "memory");
    for (size_t i = 0; i < 2; i++) {
        const struct identity_sealer *to = i == 0 ? author->content->sealing : nobody;
        seal_to(author, section, membership, identity_sealer_public(to), sealed[i]);
        alcove__seal__init(&seals[i]);
        seals[i].kind = i == 0 ? RECIPIENT_DEVICE : RECIPIENT_RECOVERY;
        seals[i].recipient = hash_field(&author->content->device_statement);
        seals[i].mode = SEAL_BASE;
        seals[i].share = field_of(sealed[i], SEAL_SHARE_BYTES);
        seals[i].sealed = field_of(sealed[i] + SEAL_SHARE_BYTES, SEAL_SEALED_BYTES);
    }
    identity_sealer_free(nobody);
}

static struct author_bytes first_epoch(const struct author *author, struct author_section *section,
                                       const struct hash *section_statement)
{
    Alcove__Epoch epoch = ALCOVE__EPOCH__INIT;
    Alcove__Seal seals[2];
    Alcove__Seal *list[] = {&seals[0], &seals[1]};
    struct epoch_key_place place = {.practice = author->content->practice,
                                    .section = section->section,
                                    .epoch = section->epoch};
    peer_must(epoch_key_new(&section->epoch_key) == STATUS_OK, "memory");
    own_membership(author, &place.membership);
    struct hash commitment;
    epoch_key_commitment(section->epoch_key, &place, &commitment);
    uint8_t sealed[2][EPOCH_KEY_SEALED_BYTES];
    fill_seals(author, section, &place.membership, seals, sealed);
    Alcove__Link link;
    fill_link(author, section, 1, section_statement, &link);
    epoch.link = &link;
    epoch.epoch = section->epoch;
    epoch.membership = hash_field(&place.membership);
    epoch.commitment = hash_field(&commitment);
    epoch.section_number = 1;
    epoch.section_head = hash_field(&section->head);
    epoch.seal = list;
    epoch.n_seal = ARRAY_LEN(list);
    return statement_of(author, STATEMENT_EPOCH, LABEL_EPOCH, pack(&epoch.base),
                        &section->epoch_statement);
}

struct author_bytes author_new_section(const struct author *author,
                                       struct author_section *out_section)
{
    const struct practice_id *practice = &author->content->practice;
    Alcove__Section body = ALCOVE__SECTION__INIT;
    *out_section = (struct author_section){.epoch = 1, .number = 2};
    random_bytes(out_section->section.bytes, ID_BYTES);
    random_bytes(out_section->label.bytes, HASH_BYTES);
    Alcove__Link link;
    fill_link(author, out_section, 0, NULL, &link);
    body.link = &link;
    body.section = field_of(out_section->section.bytes, ID_BYTES);
    body.chart = field_of(author->model.chart.bytes, ID_BYTES);
    body.class_ = author->model.class;
    body.client = field_of(author->model.client.bytes, ID_BYTES);
    body.client_identity = hash_field(&author->model.client_identity);
    struct hash hash;
    struct author_bytes section =
        statement_of(author, STATEMENT_SECTION, LABEL_SECTION, pack(&body.base), &hash);
    const struct hash no_head = {{0}};
    leaf_section_head(practice, &no_head, 1, ENTRY_STATEMENT, &hash, &out_section->head);
    struct author_bytes epoch = first_epoch(author, out_section, &hash);
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    ProtobufCBinaryData statements[] = {field_of(section.data, section.size),
                                        field_of(epoch.data, epoch.size)};
    ask.statement = statements;
    ask.n_statement = ARRAY_LEN(statements);
    ask.purpose = PURPOSE_TREAT;
    const struct author_bytes bytes = pack(&ask.base);
    free(section.data);
    free(epoch.data);
    return bytes;
}

static struct author_bytes new_context(const struct author *author,
                                       const struct author_section *section)
{
    Alcove__Context context = ALCOVE__CONTEXT__INIT;
    struct note_id note;
    random_bytes(note.bytes, sizeof note.bytes);
    context.section = field_of(section->section.bytes, ID_BYTES);
    context.class_ = author->model.class;
    context.chart = field_of(author->model.chart.bytes, ID_BYTES);
    context.note = field_of(note.bytes, ID_BYTES);
    context.revision = 1;
    context.epoch = section->epoch;
    context.epoch_statement = hash_field(&section->epoch_statement);
    context.kind = REVISION_DRAFT;
    context.member = field_of(author->content->member.bytes, ID_BYTES);
    context.device = hash_field(&author->content->device_statement);
    context.device_number = section->device_number + 1;
    if (section->device_number > 0) {
        context.device_link = hash_field(&section->device_link);
    }
    context.section_number = section->number;
    context.section_head = hash_field(&section->head);
    return pack(&context.base);
}

/* The parts of one revision, which must outlive the packing of the request. */
struct parts {
    struct author_bytes context;
    struct author_bytes header;
    struct signature signature;
    uint8_t wrap[WRAP_BYTES];
    uint8_t *envelope;
    size_t envelope_size;
};

static void seal_note(const struct author *author, const struct author_section *section,
                      struct parts *parts)
{
    static uint8_t text[1024];
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    memset(text, 'a', sizeof text);
    body.kind = NOTE_PROGRESS;
    body.text = field_of(text, sizeof text);
    body.written_ms = 1;
    struct author_bytes packed = pack(&body.base);
    const struct envelope_scope scope = {.practice = &author->content->practice,
                                         .epoch_key = section->epoch_key,
                                         .context =
                                             span_of(parts->context.data, parts->context.size)};
    parts->envelope_size = envelope_size(packed.size);
    parts->envelope = malloc(parts->envelope_size);
    peer_must(parts->envelope != NULL && envelope_seal(&scope, span_of(packed.data, packed.size),
                                                       parts->wrap, parts->envelope) == STATUS_OK,
              "a note cannot be sealed");
    free(packed.data);
}

static void sign_note(const struct author *author, struct author_section *section,
                      struct parts *parts)
{
    const struct keystore_content *content = author->content;
    struct hash context_hash;
    hash_bytes(span_of(parts->context.data, parts->context.size), &context_hash);
    struct hash envelope_hash;
    hash_bytes(span_of(parts->envelope, parts->envelope_size), &envelope_hash);
    Alcove__Header header = ALCOVE__HEADER__INIT;
    header.context_hash = hash_field(&context_hash);
    header.envelope_size = parts->envelope_size;
    header.envelope_hash = hash_field(&envelope_hash);
    parts->header = pack(&header.base);
    const struct span signed_parts[] = {span_of(parts->header.data, parts->header.size)};
    peer_must(identity_sign(content->content_key, LABEL_REVISION, &content->practice, signed_parts,
                            1, &parts->signature) == STATUS_OK,
              "a revision cannot be signed");
    const struct span link_parts[] = {signed_parts[0], ID_SPAN(&parts->signature)};
    frame_hash(LABEL_LINK, &content->practice, link_parts, ARRAY_LEN(link_parts),
               &section->device_link);
    section->device_number++;
}

struct author_bytes author_new_notes(const struct author *author, struct author_section *section,
                                     size_t count)
{
    static struct parts parts[SUBMIT_REVISIONS_MAX];
    peer_must(count >= 1 && count <= SUBMIT_REVISIONS_MAX, "too many notes in one request");
    Alcove__Revision revisions[SUBMIT_REVISIONS_MAX];
    Alcove__Revision *list[SUBMIT_REVISIONS_MAX];
    for (size_t i = 0; i < count; i++) {
        struct parts *one = &parts[i];
        one->context = new_context(author, section);
        seal_note(author, section, one);
        sign_note(author, section, one);
        alcove__revision__init(&revisions[i]);
        revisions[i].context = field_of(one->context.data, one->context.size);
        revisions[i].header = field_of(one->header.data, one->header.size);
        revisions[i].signature = field_of(one->signature.bytes, SIGNATURE_BYTES);
        revisions[i].wrap = field_of(one->wrap, WRAP_BYTES);
        revisions[i].envelope = field_of(one->envelope, one->envelope_size);
        list[i] = &revisions[i];
    }
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    ask.revision = list;
    ask.n_revision = count;
    ask.purpose = PURPOSE_TREAT;
    const struct author_bytes bytes = pack(&ask.base);
    for (size_t i = 0; i < count; i++) {
        free(parts[i].context.data);
        free(parts[i].header.data);
        free(parts[i].envelope);
    }
    return bytes;
}

void author_stored(struct author_section *section, const Alcove__SubmitReply *reply)
{
    section->number = reply->section_number;
    peer_must(field_hash(reply->section_head, &section->head), "no section head in the answer");
}
