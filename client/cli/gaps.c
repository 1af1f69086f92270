#include "client/cli/gaps.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "keys/public/bytes/hex.h"
#include "proto/policy.h"

#define GAPS_TOLD_MAX    8u
#define SHORT_NOTE_BYTES 4u

static const char *const WORDS[] = {[VIEW_GAP_UNOPENED] = "does-not-open",
                                    [VIEW_GAP_STOPPED] = "not-handed-out",
                                    [VIEW_GAP_DAMAGED] = "damaged-at-the-server"};

static bool is_set(struct span id)
{
    uint8_t any = 0;
    for (size_t i = 0; i < id.size; i++) {
        any |= id.data[i];
    }
    return any != 0;
}

void gaps_sentence(struct cli *cli, const struct view_gap *gap, char out[static GAP_BYTES_MAX])
{
    char client[VIEW_NAME_BYTES_MAX] = "the practice";
    if (is_set(ID_SPAN(&gap->client))) {
        view_name(host_engine(cli->host), &gap->client, client);
    }
    const char *class = policy_class_name(gap->class);
    if (gap->kind == VIEW_GAP_STOPPED) {
        (void)snprintf(out, GAP_BYTES_MAX,
                       "the server cannot read the %s notes of %s from entry %llu on. What came "
                       "before is here, and it is asked again by itself. Tell whoever runs the "
                       "server.",
                       class, client, (unsigned long long)gap->number);
        return;
    }
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &gap->author, author);
    if (gap->kind == VIEW_GAP_DAMAGED) {
        (void)snprintf(
            out, GAP_BYTES_MAX,
            "entry %llu of the %s notes of %s, by %s, is damaged at the server and "
            "cannot be shown. All other notes are as they were. It is asked for again by "
            "itself. Tell whoever runs the server.",
            (unsigned long long)gap->number, class, client, author);
        return;
    }
    char note[HEX_CHARS(SHORT_NOTE_BYTES) + 1];
    hex_encode(span_of(gap->note.bytes, SHORT_NOTE_BYTES), note);
    (void)snprintf(out, GAP_BYTES_MAX,
                   "note %s of %s (%s, entry %llu) does not open: %s's program sealed it wrongly, "
                   "or its key was spoiled on the server. All other notes are as they were. It is "
                   "asked for again by itself; if it stays so, ask %s to write it again.",
                   note, client, class, (unsigned long long)gap->number, author, author);
}

struct telling {
    struct cli *cli;
    cJSON *array;
    size_t all;
    size_t news;
};

static bool tell_one(void *visitor, const struct view_gap *gap)
{
    struct telling *telling = visitor;
    telling->all++;
    if (gap->told || ++telling->news > GAPS_TOLD_MAX) {
        return true;
    }
    char text[GAP_BYTES_MAX];
    gaps_sentence(telling->cli, gap, text);
    cli_warn(telling->cli, "%s", text);
    return true;
}

size_t gaps_tell(struct cli *cli)
{
    struct telling telling = {.cli = cli};
    enum status status = view_gaps(host_engine(cli->host), tell_one, &telling);
    if (telling.news > GAPS_TOLD_MAX) {
        cli_warn(cli, "%zu more cannot be read; `alcove doctor` names them",
                 telling.news - GAPS_TOLD_MAX);
    }
    if (status == STATUS_OK && telling.news > 0) {
        (void)!view_gaps_told(host_engine(cli->host)); /* else it is told once more */
    }
    return telling.all;
}

static bool add_one(void *visitor, const struct view_gap *gap)
{
    struct telling *telling = visitor;
    cJSON *object = cJSON_CreateObject();
    print_add_text(object, "gap", WORDS[gap->kind]);
    print_add_id(object, "section", ID_SPAN(&gap->section));
    print_add_id(object, "client", ID_SPAN(&gap->client));
    print_add_text(object, "class", policy_class_name(gap->class));
    print_add_number(object, "number", gap->number);
    if (is_set(ID_SPAN(&gap->note))) {
        print_add_id(object, "note", ID_SPAN(&gap->note));
        print_add_id(object, "author", ID_SPAN(&gap->author));
    }
    (void)cJSON_AddItemToArray(telling->array, object);
    return true;
}

void gaps_json(struct cli *cli, cJSON *object)
{
    struct telling telling = {.cli = cli, .array = cJSON_AddArrayToObject(object, "gaps")};
    (void)!view_gaps(host_engine(cli->host), add_one, &telling);
}
