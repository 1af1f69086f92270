#include "client/cli/note_before.h"

#include "client/cli/note_words.h"
#include "client/engine/api/view.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/wipe.h"
#include "proto/words.h"

static const char OTHER_VERSION[] = "\n======== the other version ========\n\n";

struct gathering {
    const struct cli *cli;
    struct note_before *before;
    bool pending; /* some head has no link yet */
    enum status status;
};

static void drop_text(struct note_before *before)
{
    if (before->text != NULL) {
        wipe(before->text, before->text_size);
    }
    free(before->text);
    before->text = NULL;
    before->text_size = 0;
}

static enum status add_text(struct note_before *before, struct span text)
{
    struct span between =
        before->heads == 0 ? span_of(NULL, 0) : span_of(OTHER_VERSION, sizeof OTHER_VERSION - 1);
    uint8_t *grown = malloc(before->text_size + between.size + text.size + 1);
    if (grown == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (before->text_size > 0) {
        memcpy(grown, before->text, before->text_size);
    }
    if (between.size > 0) {
        memcpy(grown + before->text_size, between.data, between.size);
    }
    if (text.size > 0) {
        memcpy(grown + before->text_size + between.size, text.data, text.size);
    }
    text.size += before->text_size + between.size;
    drop_text(before);
    before->text = grown;
    before->text_size = text.size;
    return STATUS_OK;
}

/* A copy, since what a visitor is shown ends with the call. */
static enum status keep_newest(struct note_before *before, const Alcove__NoteBody *body)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = message_pack(&body->base, &bytes, &size);
    ProtobufCMessage *copy = NULL;
    if (status == STATUS_OK) {
        status = message_decode(&alcove__note_body__descriptor, span_of(bytes, size),
                                &before->arena, &copy);
        before->newest = (const Alcove__NoteBody *)copy;
    }
    wipe(bytes, size);
    free(bytes);
    return status;
}

static bool visit(void *visitor, const struct view_revision *revision)
{
    struct gathering *gathering = visitor;
    struct note_before *before = gathering->before;
    if (note_is_refused(gathering->cli, revision)) {
        return true; /* a signature too: the draft goes on as it was */
    }
    before->locked |= revision->kind == REVISION_SIGNED;
    if (revision->pending) { /* follows all that came before it */
        drop_text(before);
        before->heads = 0;
        before->unread = false;
        gathering->pending = true;
    } else if (!revision->head) {
        return true;
    }
    if (revision->body == NULL) {
        before->unread |= revision->unopened || revision->damaged;
        return true;
    }
    gathering->status = add_text(before, field_span(revision->body->text));
    if (gathering->status == STATUS_OK) {
        gathering->status = keep_newest(before, revision->body);
    }
    if (before->links.count < ARRAY_LEN(before->links.items)) {
        before->links.items[before->links.count++] = revision->link;
    }
    before->heads++;
    return gathering->status == STATUS_OK;
}

enum status note_before_get(struct cli *cli, const struct section_id *section,
                            const struct note_id *note, struct note_before *out_before)
{
    struct gathering gathering = {.cli = cli, .before = out_before, .status = STATUS_OK};
    memset(out_before, 0, sizeof *out_before);
    enum status status = view_revisions(host_engine(cli->host), section, note, visit, &gathering);
    if (gathering.pending) {
        out_before->links.count = 0; /* it follows what waits, whose link is not made yet */
    }
    return status == STATUS_OK ? gathering.status : status;
}

enum status note_before_set(struct note_before *before, struct span text)
{
    uint8_t *copy = malloc(text.size + 1);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (text.size > 0) {
        memcpy(copy, text.data, text.size);
    }
    drop_text(before);
    before->text = copy;
    before->text_size = text.size;
    return STATUS_OK;
}

void note_before_deinit(struct note_before *before)
{
    drop_text(before);
    arena_free(&before->arena);
    memset(before, 0, sizeof *before);
}

#define PACKED_HEAD_BYTES (1u + 4u + 1u)

void note_before_pack(const struct note_before *before, FILE *out)
{
    uint8_t head[PACKED_HEAD_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, head, sizeof head);
    cursor_write_u8(&writer, before->locked ? 1 : 0);
    cursor_write_u32(&writer, (uint32_t)before->heads);
    cursor_write_u8(&writer, (uint8_t)before->links.count);
    (void)fwrite(head, 1, sizeof head, out);
    (void)fwrite(before->links.items, HASH_BYTES, before->links.count, out);
    (void)fwrite(before->text == NULL ? head : before->text, 1, before->text_size, out);
}

enum status note_before_unpack(struct span bytes, struct note_before *out_before)
{
    memset(out_before, 0, sizeof *out_before);
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    out_before->locked = cursor_read_u8(&reader) != 0;
    out_before->heads = cursor_read_u32(&reader);
    out_before->links.count = cursor_read_u8(&reader);
    if (out_before->links.count > ARRAY_LEN(out_before->links.items)) {
        out_before->links.count = 0;
        return STATUS_MALFORMED;
    }
    for (size_t i = 0; i < out_before->links.count; i++) {
        cursor_read_bytes(&reader, out_before->links.items[i].bytes, HASH_BYTES);
    }
    struct span text = cursor_read_rest(&reader);
    out_before->text = malloc(text.size + 1);
    if (out_before->text == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (text.size > 0) {
        memcpy(out_before->text, text.data, text.size);
    }
    out_before->text_size = text.size;
    return cursor_read_done(&reader);
}
