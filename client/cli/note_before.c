#include "client/cli/note_before.h"

#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
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
        before->heads == 0 ? span_of(NULL, 0) : span_of(OTHER_VERSION, sizeof(OTHER_VERSION) - 1);
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
    ProtobufCMessage *copy = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = message_pack(&body->base, &bytes, &size);

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

    before->locked |= revision->kind == REVISION_SIGNED;
    if (note_is_refused(gathering->cli, revision)) {
        return true;
    }
    if (revision->pending) { /* follows all that came before it */
        drop_text(before);
        before->heads = 0;
        gathering->pending = true;
    } else if (!revision->head) {
        return true;
    }
    if (revision->body == NULL) {
        return true;
    }
    gathering->status = add_text(before, field_span(revision->body->text));
    if (gathering->status == STATUS_OK) {
        gathering->status = keep_newest(before, revision->body);
    }
    if (before->link_count < ARRAY_LEN(before->links)) {
        before->links[before->link_count++] = revision->link;
    }
    before->heads++;
    return gathering->status == STATUS_OK;
}

enum status note_before_get(struct cli *cli, const struct section_id *section,
                            const struct note_id *note, struct note_before *out_before)
{
    struct gathering gathering = {.cli = cli, .before = out_before, .status = STATUS_OK};
    enum status status;

    memset(out_before, 0, sizeof(*out_before));
    status = view_revisions(host_engine(cli->host), section, note, visit, &gathering);
    if (gathering.pending) {
        out_before->link_count = 0; /* it follows what waits, whose link is not made yet */
    }
    return status == STATUS_OK ? gathering.status : status;
}

void note_before_deinit(struct note_before *before)
{
    drop_text(before);
    arena_free(&before->arena);
    memset(before, 0, sizeof(*before));
}

static void tell(struct cli *cli, const struct note_before *before)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *after = cJSON_AddArrayToObject(object, "after");

    (void)cJSON_AddBoolToObject(object, "locked", before->locked);
    print_add_span(object, "text", span_of(before->text, before->text_size));
    for (size_t i = 0; i < before->link_count; i++) {
        cJSON *holder = cJSON_CreateObject();

        print_add_id(holder, "link", ID_SPAN(&before->links[i]));
        (void)cJSON_AddItemToArray(after, cJSON_DetachItemFromObject(holder, "link"));
        cJSON_Delete(holder);
    }
    print_json(cli, object);
}

int cmd_before(struct cli *cli, int argc, char **argv)
{
    struct note_before before = {0};
    struct section_id section;
    struct note_id note;
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    enum status status;
    int code;

    if (!args_parse(argc, argv, NULL, 0, words, 1, &count, &wrong) || count != 1) {
        return cli_usage(cli, "before", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = ids_note(cli, words[0], &section, &note);
    }
    if (code != CLI_OK) {
        return code;
    }
    status = note_before_get(cli, &section, &note, &before);
    if (status == STATUS_OK) {
        tell(cli, &before);
    } else {
        code = cli_fail(cli, "the note was not read", status);
    }
    note_before_deinit(&before);
    return code;
}
