#include "client/engine/outbox/wish.h"

#include "client/engine/outbox/wish_store.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/wipe.h"

void wish_clear(struct wish_bytes *bytes)
{
    wipe(bytes->data, bytes->size);
    free(bytes->data);
    *bytes = (struct wish_bytes){0};
}

enum status wish_set(struct wish_bytes *bytes, struct span value)
{
    wish_clear(bytes);
    if (value.size == 0) {
        return STATUS_OK;
    }
    bytes->data = malloc(value.size);
    if (bytes->data == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(bytes->data, value.data, value.size);
    bytes->size = value.size;
    return STATUS_OK;
}

enum status wish_pack(struct wish_bytes *bytes, const ProtobufCMessage *message)
{
    wish_clear(bytes);
    return message_pack(message, &bytes->data, &bytes->size);
}

enum status wish_new(struct outbox *outbox, enum wish_kind kind, struct wish **out_wish)
{
    struct wish *wish = calloc(1, sizeof *wish);
    if (wish == NULL) {
        return STATUS_NO_MEMORY;
    }
    wish->ticket = outbox->common->next_ticket++;
    wish->kind = kind;
    wish->state = ENGINE_WISH_WAITING;
    *out_wish = wish;
    return STATUS_OK;
}

void wish_free(struct wish *wish)
{
    if (wish == NULL) {
        return;
    }
    wish_clear(&wish->body);
    wish_clear(&wish->extra);
    wish_clear(&wish->built);
    free(wish);
}

void wish_deinit(struct outbox *outbox)
{
    while (outbox->first != NULL) {
        struct wish *wish = outbox->first;
        outbox->first = wish->next;
        wish_free(wish);
    }
}

static void ticket_key(uint64_t ticket, uint8_t out_key[8])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_key, 8);
    cursor_write_u64(&writer, ticket);
}

static void append(struct outbox *outbox, struct wish *wish)
{
    struct wish **place = &outbox->first;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    wish->next = NULL;
    *place = wish;
}

enum status wish_save(struct outbox *outbox, const struct wish *wish)
{
    uint8_t key[8];
    ticket_key(wish->ticket, key);
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = wish_store_encode(wish, &bytes, &size);
    if (status == STATUS_OK) {
        status = storage_put_now(&outbox->common->storage, STORAGE_OUTBOX, span_of(key, sizeof key),
                                 span_of(bytes, size));
    }
    wipe(bytes, size);
    free(bytes);
    return status;
}

/* From the storage; it may have gone already. */
static enum status erase(struct outbox *outbox, const struct wish *wish)
{
    uint8_t key[8];
    ticket_key(wish->ticket, key);
    enum status status =
        storage_remove_now(&outbox->common->storage, STORAGE_OUTBOX, span_of(key, sizeof key));
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status wish_add(struct outbox *outbox, struct wish *wish, uint64_t *out_ticket)
{
    enum status status = wish_save(outbox, wish);
    if (status != STATUS_OK) {
        wish_free(wish);
        return status;
    }
    append(outbox, wish);
    if (out_ticket != NULL) {
        *out_ticket = wish->ticket;
    }
    return STATUS_OK;
}

static void unlink_wish(struct outbox *outbox, struct wish *wish)
{
    struct wish **place = &outbox->first;
    while (*place != NULL && *place != wish) {
        place = &(*place)->next;
    }
    CHECK(*place == wish);
    *place = wish->next;
}

static void remember(struct outbox *outbox, const struct wish *wish, enum engine_wish outcome,
                     enum status status, uint64_t event)
{
    size_t place = outbox->outcome_next;
    outbox->outcome_next = (place + 1) % ARRAY_LEN(outbox->outcomes);
    outbox->outcome_tickets[place] = wish->ticket;
    outbox->outcomes[place] = wish_describe(wish);
    outbox->outcomes[place].wish = outcome;
    outbox->outcomes[place].status = status;
    outbox->outcomes[place].event = event;
}

/* Later revisions of ours now know what they follow. */
static enum status tell_followers(struct outbox *outbox, const struct wish *done)
{
    for (struct wish *wish = outbox->first; wish != NULL; wish = wish->next) {
        if (wish->kind != WISH_NOTE || wish->parent_ticket != done->ticket) {
            continue;
        }
        wish->parent_ticket = 0;
        wish->parent_count = 1;
        wish->parents[0] = done->built_object;
        wish->parent_revision = done->built_revision;
        enum status status = wish_save(outbox, wish);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Followers first. After a crash between the two the wish is still here and is sent again, the same
 * bytes; the other way round its followers would name a ticket that nobody knows any more. */
enum status wish_done(struct outbox *outbox, struct wish *wish, uint64_t event)
{
    enum status status = wish->kind == WISH_NOTE ? tell_followers(outbox, wish) : STATUS_OK;
    if (status == STATUS_OK) {
        status = erase(outbox, wish);
    }
    if (status != STATUS_OK) {
        return status;
    }
    remember(outbox, wish, ENGINE_WISH_DONE, STATUS_OK, event);
    unlink_wish(outbox, wish);
    wish_free(wish);
    return STATUS_OK;
}

static enum status stay_failed(struct outbox *outbox, struct wish *wish, enum status status)
{
    wish->state = ENGINE_WISH_FAILED;
    wish->status = status;
    return wish_save(outbox, wish);
}

/* Notes for a section that will never be wait for nothing. */
static enum status fail_notes_of(struct outbox *outbox, const struct section_id *section,
                                 enum status status)
{
    enum status stored = STATUS_OK;
    for (struct wish *wish = outbox->first; wish != NULL && stored == STATUS_OK;
         wish = wish->next) {
        if (wish->kind == WISH_NOTE && ID_EQUAL(&wish->section, section)) {
            stored = stay_failed(outbox, wish, status);
        }
    }
    return stored;
}

enum status wish_failed(struct outbox *outbox, struct wish *wish, enum status status)
{
    enum status stored =
        wish->kind == WISH_SECTION ? fail_notes_of(outbox, &wish->section, status) : STATUS_OK;
    /* Nobody asked for these by name. */
    bool goes = wish->kind == WISH_OPENED || wish->kind == WISH_RESEAL;
    if (stored == STATUS_OK && !goes) {
        return stay_failed(outbox, wish, status);
    }
    if (stored == STATUS_OK) {
        stored = erase(outbox, wish);
    }
    if (stored != STATUS_OK) {
        return stored;
    }
    remember(outbox, wish, ENGINE_WISH_FAILED, status, 0);
    unlink_wish(outbox, wish);
    wish_free(wish);
    return STATUS_OK;
}

struct wish *wish_find(const struct outbox *outbox, uint64_t ticket)
{
    struct wish *wish = outbox->first;
    while (wish != NULL && wish->ticket != ticket) {
        wish = wish->next;
    }
    return wish;
}

struct wish *wish_of_note(const struct outbox *outbox, const struct section_id *section,
                          const struct note_id *note)
{
    struct wish *last = NULL;
    for (struct wish *wish = outbox->first; wish != NULL; wish = wish->next) {
        if (wish->kind == WISH_NOTE && wish->state != ENGINE_WISH_FAILED &&
            ID_EQUAL(&wish->section, section) && ID_EQUAL(&wish->note, note)) {
            last = wish;
        }
    }
    return last;
}

void wish_ticket(const struct outbox *outbox, uint64_t ticket, struct engine_ticket *out_ticket)
{
    *out_ticket = (struct engine_ticket){0};
    const struct wish *wish = wish_find(outbox, ticket);
    if (wish != NULL) {
        *out_ticket = wish_describe(wish);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(outbox->outcomes); i++) {
        if (outbox->outcome_tickets[i] == ticket && ticket != 0) {
            *out_ticket = outbox->outcomes[i];
        }
    }
}

void wish_visit(const struct outbox *outbox,
                bool (*visit)(void *visitor, uint64_t ticket, const struct engine_ticket *info),
                void *visitor)
{
    for (const struct wish *wish = outbox->first; wish != NULL; wish = wish->next) {
        struct engine_ticket info = wish_describe(wish);
        if (!visit(visitor, wish->ticket, &info)) {
            return;
        }
    }
}

/* What was written after it follows what it would have followed. */
static enum status inherit(struct outbox *outbox, const struct wish *gone)
{
    for (struct wish *wish = outbox->first; wish != NULL; wish = wish->next) {
        if (wish->kind != WISH_NOTE || wish->parent_ticket != gone->ticket) {
            continue;
        }
        wish->parent_ticket = gone->parent_ticket;
        wish->parent_revision = gone->parent_revision;
        wish->parent_count = gone->parent_count;
        memcpy(wish->parents, gone->parents, sizeof wish->parents);
        enum status status = wish_save(outbox, wish);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status wish_take_back(struct outbox *outbox, uint64_t ticket)
{
    struct wish *wish = wish_find(outbox, ticket);
    if (wish == NULL) {
        return STATUS_NOT_FOUND;
    }
    bool on_its_way = wish->built.size > 0 && wish->state != ENGINE_WISH_FAILED;
    if (wish->state == ENGINE_WISH_SENT || on_its_way) {
        return STATUS_CONFLICT;
    }
    enum status status = inherit(outbox, wish);
    if (status == STATUS_OK) {
        status = erase(outbox, wish);
    }
    if (status == STATUS_OK) {
        unlink_wish(outbox, wish);
        wish_free(wish);
    }
    return status;
}

void wish_lost(struct outbox *outbox)
{
    for (struct wish *wish = outbox->first; wish != NULL; wish = wish->next) {
        if (wish->state == ENGINE_WISH_SENT) {
            wish->state = ENGINE_WISH_WAITING;
        }
    }
}

struct loading {
    struct outbox *outbox;
    enum status status;
};

static bool load_one(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    struct cursor_reader reader;
    cursor_read_init(&reader, key);
    uint64_t ticket = cursor_read_u64(&reader);
    loading->status = cursor_read_done(&reader);
    struct wish *wish = calloc(1, sizeof *wish);
    if (wish == NULL) {
        loading->status = STATUS_NO_MEMORY;
        return false;
    }
    if (loading->status == STATUS_OK) {
        loading->status = wish_store_decode(value, ticket, wish);
    }
    if (loading->status != STATUS_OK) {
        wish_free(wish);
        return false;
    }
    /* Earlier versions gave up a note when the server's disk was full. */
    bool given_up = wish->state == ENGINE_WISH_FAILED && wish->status == STATUS_FULL;
    if (wish->state == ENGINE_WISH_SENT || given_up) {
        wish->state = ENGINE_WISH_WAITING;
    }
    if (wish->state == ENGINE_WISH_WAITING) {
        wish->status = STATUS_OK;
    }
    append(loading->outbox, wish);
    if (ticket >= loading->outbox->common->next_ticket) {
        loading->outbox->common->next_ticket = ticket + 1;
    }
    return true;
}

enum status wish_load(struct outbox *outbox)
{
    struct loading loading = {outbox, STATUS_OK};
    return storage_scan(&outbox->common->storage, STORAGE_OUTBOX, span_of(NULL, 0), load_one,
                        &loading, &loading.status);
}
