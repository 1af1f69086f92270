#include "tests/sim/lie.h"

#include "keys/public/hash.h"
#include "keys/public/revision.h"
#include "server/store/chain_log.h"
#include "server/store/ledger.h"
#include "server/store/names.h"
#include "server/store/record.h"
#include "server/store/section_log.h"
#include "tests/hostile/kit.h"
#include "tests/support/test.h"

/*
 * What a server that has an insider's keys writes into a copy of its log: each of it well formed,
 * in the next place of its chain or section, and false in one thing that whoever reads it can tell.
 */

#define TRIES_MAX  24u
#define DAY_MS     86400000u
#define MINUTES_MS 600000u

enum false_statement {
    OTHERS_KEY,  /* signed by a device that it does not name */
    OTHER_PAST,  /* follows a statement that is none */
    NOT_THEIRS,  /* properly signed by a client, who may say no such thing */
    YESTERDAY,   /* written down before what stands in front of it */
    FUTURE,      /* its author had seen more statements than there were */
    OTHER_LOG,   /* its author had seen other statements */
    OTHER_LINES, /* its author had seen other events */
    FALSE_STATEMENTS,
};

struct plot {
    struct world *world;
    struct dice *dice;
    struct liar_copy *copy;
    enum false_statement kind;
    struct chain_head head;
    const struct world_device *insider;
};

static const struct world_device *any_device(struct plot *plot, bool client)
{
    struct world *world = plot->world;
    unsigned first = (unsigned)dice_below(plot->dice, world->device_count);
    for (unsigned i = 0; i < world->device_count; i++) {
        const struct world_device *device = &world->devices[(first + i) % world->device_count];
        if (!client || device->role == ROLE_CLIENT) {
            return device;
        }
    }
    return NULL;
}

static const struct world_device *device_that(const struct world *world, const struct hash *made)
{
    for (unsigned i = 0; i < world->device_count; i++) {
        if (ID_EQUAL(&world->devices[i].person.content.device_statement, made)) {
            return &world->devices[i];
        }
    }
    return NULL;
}

/* ---- statements */

static void change_root(bool changes, ProtobufCBinaryData *root)
{
    if (changes && root->len > 0) {
        root->data[3 % root->len] ^= 1;
    }
}

static void replace_link(void *context, ProtobufCMessage *body)
{
    const struct plot *plot = context;
    /* Every body has its link first. */
    Alcove__Link *link = ((Alcove__Suspension *)(void *)body)->link;
    link->number = plot->head.count;
    static struct hash previous;
    previous = plot->head.last;
    previous.bytes[3] ^= plot->kind == OTHER_PAST ? 1 : 0;
    link->previous = field_of(previous.bytes, HASH_BYTES);
    if (link->seen != NULL) {
        link->seen->statements_size += plot->kind == FUTURE ? 1000 : 0;
        change_root(plot->kind == OTHER_LOG, &link->seen->statements_root);
        change_root(plot->kind == OTHER_LINES, &link->seen->events_root);
    }
    if (plot->kind == NOT_THEIRS) {
        const struct keystore_content *content = &plot->insider->person.content;
        link->member = field_of(content->member.bytes, ID_BYTES);
        link->device = field_of(content->device_statement.bytes, HASH_BYTES);
    }
}

/* A statement of an admin, whose like a client can never make. */
static bool is_admins(uint32_t type)
{
    return type == ALCOVE__STATEMENT_TYPE__STATEMENT_DELEGATION ||
           type == ALCOVE__STATEMENT_TYPE__STATEMENT_RELATION ||
           type == ALCOVE__STATEMENT_TYPE__STATEMENT_SUSPENSION;
}

static bool plant_like(struct plot *plot, const struct statement *like, const char *what)
{
    const struct world_device *author = device_that(plot->world, &like->link.device);
    bool seen = plot->kind == FUTURE || plot->kind == OTHER_LOG || plot->kind == OTHER_LINES;
    if (author == NULL || (plot->kind == NOT_THEIRS && !is_admins(like->rule->type)) ||
        (seen && !like->link.has_seen)) {
        return false;
    }
    plot->insider = plot->kind == NOT_THEIRS ? any_device(plot, true) : author;
    const struct world_device *signs =
        plot->kind == OTHERS_KEY ? any_device(plot, false) : plot->insider;
    if (plot->insider == NULL || (plot->kind == OTHERS_KEY && signs == author)) {
        return false;
    }
    struct inproc *server = &plot->copy->server;
    server->now_ms = plot->world->server.now_ms;
    const struct identity_signer *signer = signs->person.content.content_key;
    struct made made = kit_resign(server, like->bytes, 0, replace_link, plot, &signer, 1);
    plot->copy->plant = (struct plant){.kind = PLANT_STATEMENT, .what = what};
    plot->copy->plant.late = plot->kind == YESTERDAY;
    plot->copy->plant.later = plot->kind == OTHER_LINES;
    if (plot->kind == OTHER_LOG || plot->kind == OTHER_LINES) {
        plot->copy->plant.but = author->person.content.device_statement;
    }
    plot->copy->plant.place = server->heads.statements_size;
    const uint64_t back_ms =
        dice_chance(plot->dice, 500) ? DAY_MS : dice_below(plot->dice, MINUTES_MS);
    kit_plant_statement_late(server, NULL, span_of(made.data, made.size),
                             plot->kind == YESTERDAY ? back_ms : 0);
    make_free(&made);
    return true;
}

static bool plant_statement(struct plot *plot)
{
    static const char *const names[FALSE_STATEMENTS] = {
        "a statement that another device signed",   "a statement without the one before it",
        "a statement that its signer may not make", "a statement of yesterday",
        "a statement that had seen the future",     "a statement that had seen other statements",
        "a statement that had seen other events"};
    plot->kind = (enum false_statement)dice_below(plot->dice, FALSE_STATEMENTS);
    bool planted = false;
    for (unsigned i = 0; i < TRIES_MAX && !planted; i++) {
        struct txn *txn = NULL;
        OK(db_begin_read(plot->copy->server.db, &txn));
        uint64_t count = ledger_size(txn, LEDGER_STATEMENTS);
        struct chain_statement stored;
        OK(chain_log_get(txn, dice_below(plot->dice, count), &stored));
        OK(chain_log_head(txn, &stored.label, &plot->head));
        size_t size = stored.bytes.size;
        uint8_t *bytes = malloc(size);
        CHECK(bytes != NULL);
        memcpy(bytes, stored.bytes.data, size);
        db_abort(txn);
        struct statement like;
        OK(statement_parse(span_of(bytes, size), &plot->copy->server.practice, &like));
        bool by_device = like.rule->signatures == 1 && like.link.has_device &&
                         (like.rule->signer[0] == STATEMENT_BY_DEVICE ||
                          like.rule->signer[0] == STATEMENT_BY_ISSUER);
        planted = by_device && plant_like(plot, &like, names[plot->kind]);
        statement_free(&like);
        free(bytes);
    }
    return planted;
}

/* ---- revisions */

struct kept_revision {
    Alcove__Revision revision;
    uint8_t *bytes; /* what it points at */
    struct section_id section;
};

static ProtobufCBinaryData take(uint8_t **place, struct span from)
{
    uint8_t *to = *place;
    if (from.size > 0) {
        memcpy(to, from.data, from.size);
    }
    *place += from.size;
    return field_of(to, from.size);
}

static bool read_revision(struct plot *plot, struct txn *txn, uint32_t local,
                          struct kept_revision *out)
{
    uint64_t last = 0;
    struct hash head;
    struct section_change change;
    struct record record;
    struct span wrap;
    if (section_log_head(txn, local, &last, &head) != STATUS_OK || last == 0 ||
        section_log_get(txn, local, 1 + dice_below(plot->dice, last), &change) != STATUS_OK ||
        change.change.kind != ENTRY_REVISION ||
        record_peek(txn, change.change.object_seq, &record) != STATUS_OK || record.erased ||
        record_wrap(txn, change.change.object_seq, &wrap) != STATUS_OK) {
        return false;
    }
    alcove__revision__init(&out->revision);
    out->bytes = malloc(record.context.size + record.header.size + record.envelope.size +
                        wrap.size + SIGNATURE_BYTES + HEADER_BYTES_MAX);
    CHECK(out->bytes != NULL);
    uint8_t *place = out->bytes;
    out->revision.context = take(&place, record.context);
    out->revision.header = take(&place, record.header);
    out->revision.signature = take(&place, span_of(record.signature.bytes, SIGNATURE_BYTES));
    out->revision.envelope = take(&place, record.envelope);
    out->revision.wrap = take(&place, wrap);
    return true;
}

static uint32_t local_of(struct txn *txn, const struct section_id *id)
{
    uint32_t local = 0;
    return names_find(txn, SCHEMA_ID_SECTION, id->bytes, &local) == STATUS_OK ? local : 0;
}

static bool any_revision(struct plot *plot, struct kept_revision *out)
{
    const struct model *model = &plot->world->model;
    struct txn *txn = NULL;
    OK(db_begin_read(plot->copy->server.db, &txn));
    bool found = false;
    for (unsigned i = 0; i < TRIES_MAX && !found && model->section_count > 0; i++) {
        out->section = model->sections[dice_below(plot->dice, model->section_count)].id;
        uint32_t local = local_of(txn, &out->section);
        found = local != 0 && read_revision(plot, txn, local, out);
    }
    db_abort(txn);
    return found;
}

static void sign_again(struct plot *plot, struct kept_revision *kept,
                       const struct world_device *device)
{
    struct span header = field_span(kept->revision.header);
    struct signature signature;
    OK(identity_sign(device->person.content.content_key, LABEL_REVISION,
                     &plot->copy->server.practice, &header, 1, &signature));
    memcpy(kept->revision.signature.data, signature.bytes, SIGNATURE_BYTES);
}

static uint64_t last_number(const struct plot *plot, const struct section_id *section)
{
    struct txn *txn = NULL;
    OK(db_begin_read(plot->copy->server.db, &txn));
    uint64_t number = 0;
    struct hash head;
    OK(section_log_head(txn, local_of(txn, section), &number, &head));
    db_abort(txn);
    return number;
}

static bool is_here(const struct plot *plot, const struct section_id *section)
{
    struct txn *txn = NULL;
    OK(db_begin_read(plot->copy->server.db, &txn));
    bool here = local_of(txn, section) != 0;
    db_abort(txn);
    return here;
}

static bool plant_revision(struct plot *plot)
{
    const struct model *model = &plot->world->model;
    struct kept_revision kept = {.bytes = NULL};
    if (!any_revision(plot, &kept)) {
        return false;
    }
    struct section_id to = kept.section;
    uint64_t way = dice_below(plot->dice, 3);
    const char *what = "a note once more";
    if (way == 0) {
        to = model->sections[dice_below(plot->dice, model->section_count)].id;
        what = ID_EQUAL(&to, &kept.section) ? what : "a note of another section";
    } else if (way == 1) {
        sign_again(plot, &kept, any_device(plot, false));
        what = "a note that somebody signed";
    }
    bool here = is_here(plot, &to);
    if (here) {
        kit_plant_revision(&plot->copy->server, NULL, &to, &kept.revision);
        plot->copy->plant = (struct plant){.kind = PLANT_REVISION, .what = what, .section = to};
        plot->copy->plant.place = last_number(plot, &to);
    }
    free(kept.bytes);
    return here;
}

bool lie_plant(struct world *world, struct dice *dice, struct liar_copy *copy)
{
    struct plot plot = {.world = world, .dice = dice, .copy = copy};
    copy->server.now_ms = world->server.now_ms;
    return dice_chance(dice, 500) ? plant_statement(&plot) : plant_revision(&plot);
}
