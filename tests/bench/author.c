#include "tests/bench/author.h"

#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/leaf.h"
#include "keys/public/random.h"
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
    peer_must(identity_sign(content->content, label, &content->practice, parts, 1, &signature) ==
                  STATUS_OK,
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
    struct hash identity;
    peer_must(content->identity != NULL, "the profile must be of a first device");
    statement_identity_hash(identity_signer_public(content->identity), &content->practice,
                            &identity);
    const struct span parts[] = {ID_SPAN(&content->member), ID_SPAN(&identity),
                                 span_of(rights_and_until, sizeof(rights_and_until))};
    frame_hash(LABEL_MEMBERSHIP, &content->practice, parts, ARRAY_LEN(parts), out);
}

static struct author_bytes first_epoch(const struct author *author, struct author_section *section,
                                       const struct hash *section_statement)
{
    Alcove__Epoch epoch = ALCOVE__EPOCH__INIT;
    Alcove__Link link;
    Alcove__Seal seals[2] = {ALCOVE__SEAL__INIT, ALCOVE__SEAL__INIT};
    Alcove__Seal *list[] = {&seals[0], &seals[1]};
    uint8_t share[SEAL_SHARE_BYTES];
    uint8_t sealed[SEAL_SEALED_BYTES];
    struct hash membership;
    struct hash commitment;
    random_bytes(share, sizeof(share));
    random_bytes(sealed, sizeof(sealed));
    random_bytes(commitment.bytes, sizeof(commitment.bytes));
    own_membership(author, &membership);
    fill_link(author, section, 1, section_statement, &link);
    for (size_t i = 0; i < ARRAY_LEN(seals); i++) {
        seals[i].kind = i == 0 ? RECIPIENT_DEVICE : RECIPIENT_RECOVERY;
        seals[i].recipient = hash_field(&author->content->device_statement);
        seals[i].mode = SEAL_BASE;
        seals[i].share = field_of(share, sizeof(share));
        seals[i].sealed = field_of(sealed, sizeof(sealed));
    }
    epoch.link = &link;
    epoch.epoch = section->epoch;
    epoch.membership = hash_field(&membership);
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
    const struct hash no_head = {{0}};
    Alcove__Section body = ALCOVE__SECTION__INIT;
    Alcove__Link link;
    struct hash hash;
    *out_section = (struct author_section){.epoch = 1, .number = 2};
    random_bytes(out_section->section.bytes, ID_BYTES);
    random_bytes(out_section->label.bytes, HASH_BYTES);
    fill_link(author, out_section, 0, NULL, &link);
    body.link = &link;
    body.section = field_of(out_section->section.bytes, ID_BYTES);
    body.chart = field_of(author->model.chart.bytes, ID_BYTES);
    body.class_ = author->model.class;
    body.client = field_of(author->model.client.bytes, ID_BYTES);
    body.client_identity = hash_field(&author->model.client_identity);
    struct author_bytes section =
        statement_of(author, STATEMENT_SECTION, LABEL_SECTION, pack(&body.base), &hash);
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
    random_bytes(note.bytes, sizeof(note.bytes));
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

struct author_bytes author_new_note(const struct author *author, struct author_section *section)
{
    static uint8_t envelope[ENVELOPE_BYTES_MIN]; /* what a 1 KiB note is padded to */
    uint8_t wrap[WRAP_BYTES];
    const struct keystore_content *content = author->content;
    struct author_bytes context = new_context(author, section);
    struct hash context_hash;
    struct hash envelope_hash;
    struct signature signature;
    random_bytes(wrap, sizeof(wrap));
    random_bytes(envelope, 64);
    hash_bytes(span_of(context.data, context.size), &context_hash);
    hash_bytes(span_of(envelope, sizeof(envelope)), &envelope_hash);
    Alcove__Header header = ALCOVE__HEADER__INIT;
    header.context_hash = hash_field(&context_hash);
    header.envelope_size = sizeof(envelope);
    header.envelope_hash = hash_field(&envelope_hash);
    struct author_bytes header_bytes = pack(&header.base);
    const struct span signed_parts[] = {span_of(header_bytes.data, header_bytes.size)};
    peer_must(identity_sign(content->content, LABEL_REVISION, &content->practice, signed_parts, 1,
                            &signature) == STATUS_OK,
              "a revision cannot be signed");
    const struct span link_parts[] = {signed_parts[0], ID_SPAN(&signature)};
    frame_hash(LABEL_LINK, &content->practice, link_parts, ARRAY_LEN(link_parts),
               &section->device_link);
    section->device_number++;
    Alcove__Revision revision = ALCOVE__REVISION__INIT;
    Alcove__Revision *revisions[] = {&revision};
    revision.context = field_of(context.data, context.size);
    revision.header = field_of(header_bytes.data, header_bytes.size);
    revision.signature = field_of(signature.bytes, SIGNATURE_BYTES);
    revision.wrap = field_of(wrap, sizeof(wrap));
    revision.envelope = field_of(envelope, sizeof(envelope));
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    ask.revision = revisions;
    ask.n_revision = 1;
    ask.purpose = PURPOSE_TREAT;
    const struct author_bytes bytes = pack(&ask.base);
    free(context.data);
    free(header_bytes.data);
    return bytes;
}

void author_stored(struct author_section *section, const Alcove__SubmitReply *reply)
{
    section->number = reply->section_number;
    peer_must(field_hash(reply->section_head, &section->head), "no section head in the answer");
}
