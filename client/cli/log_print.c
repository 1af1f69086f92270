#include "client/cli/log_print.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/view.h"
#include "keys/public/bytes/array.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

const char *log_print_outcome(uint32_t outcome)
{
    static const char *const names[] = {"?", "ok", "refused", "failed"};
    return outcome < ARRAY_LEN(names) ? names[outcome] : names[0];
}

const char *log_print_basis(uint32_t basis_kind)
{
    static const char *const names[] = {"",         "self", "owner",      "grant",
                                        "relation", "role", "delegation", "invitation"};
    return basis_kind < ARRAY_LEN(names) ? names[basis_kind] : "?";
}

static const char *purpose_name(uint32_t purpose)
{
    static const char *const names[] = {"",       "TREAT",    "ETREAT", "HOPERAT",
                                        "PATRQT", "COVERAGE", "HCOMPL"};
    return purpose < ARRAY_LEN(names) ? names[purpose] : "?";
}

static void add_id(cJSON *object, const char *key, ProtobufCBinaryData id)
{
    if (id.len > 0) {
        print_add_id(object, key, field_span(id));
    }
}

static void add_target(cJSON *object, const Alcove__EventTarget *target)
{
    print_add_text(object, "class", policy_class_name(target->class_));
    add_id(object, "chart", target->chart);
    add_id(object, "section", target->section);
    add_id(object, "note", target->note);
    add_id(object, "object", target->object);
    add_id(object, "subject", target->subject);
    print_add_number(object, "from", target->from);
    print_add_number(object, "to", target->to);
    print_add_text(object, "basis", log_print_basis(target->basis_kind));
    add_id(object, "basis_statement", target->basis);
    print_add_number(object, "section_number", target->section_number);
    print_add_number(object, "chart_number", target->chart_number);
}

static void name_of(const struct engine *engine, ProtobufCBinaryData id,
                    char out[VIEW_NAME_BYTES_MAX])
{
    struct member_id member;
    if (field_member(id, &member)) {
        view_name(engine, &member, out);
    } else {
        (void)snprintf(out, VIEW_NAME_BYTES_MAX, "-");
    }
}

/* A suspension's end is logged under the same action. */
static const char *action_name(const struct engine *engine, const struct query_event *event)
{
    bool resumed = event->open->action == ACTION_SUSPEND && event->target != NULL &&
                   view_is_resumption(engine, field_span(event->target->object));
    return resumed ? "resume" : policy_action_name(event->open->action);
}

cJSON *log_print_object(const struct engine *engine, const struct query_event *event)
{
    cJSON *object = cJSON_CreateObject();
    print_add_number(object, "seq", event->seq);
    if (event->open->version == 0) {
        (void)cJSON_AddBoolToObject(object, "damaged", true);
        return object;
    }
    char actor[VIEW_NAME_BYTES_MAX];
    name_of(engine, event->open->actor, actor);
    print_add_number(object, "time_ms", event->open->time_ms);
    add_id(object, "actor", event->open->actor);
    print_add_text(object, "actor_name", actor);
    print_add_text(object, "role", policy_role_name(event->open->role));
    print_add_text(object, "action", action_name(engine, event));
    print_add_text(object, "outcome", log_print_outcome(event->open->outcome));
    print_add_text(object, "reason", status_name((enum status)event->open->reason));
    print_add_text(object, "purpose", purpose_name(event->open->purpose));
    print_add_number(object, "count", event->open->count);
    print_add_id(object, "leaf", ID_SPAN(&event->leaf));
    if (event->target != NULL) {
        add_target(object, event->target);
        if (event->target->subject.len > 0) {
            char subject[VIEW_NAME_BYTES_MAX];
            name_of(engine, event->target->subject, subject);
            print_add_text(object, "subject_name", subject);
        }
    }
    if (event->restricted != NULL) {
        add_id(object, "device", event->restricted->device);
        add_id(object, "source", event->restricted->source);
    }
    return object;
}

/* "2026-03-02 10:20  T2  read  process  refused": one line a person can follow. */
static void print_head(struct cli *cli, const struct query_event *event)
{
    (void)fprintf(cli->out, "%6llu ", (unsigned long long)event->seq);
    if (event->open->version == 0) {
        (void)fputs("damaged at the server: not to be read any more", cli->out);
        return;
    }
    char actor[VIEW_NAME_BYTES_MAX];
    name_of(host_engine(cli->host), event->open->actor, actor);
    print_time(cli, event->open->time_ms);
    (void)fprintf(cli->out, " %s ",
                  event->open->role == 0 ? "server" : policy_role_name(event->open->role));
    (void)print_text(cli, span_of(actor, strlen(actor)), 10);
    (void)fprintf(cli->out, " %s %s", action_name(host_engine(cli->host), event),
                  log_print_outcome(event->open->outcome));
}

/* Whom and which note it was about. */
static void print_about(struct cli *cli, const Alcove__EventTarget *target)
{
    if (target->subject.len > 0) {
        char subject[VIEW_NAME_BYTES_MAX];
        name_of(host_engine(cli->host), target->subject, subject);
        (void)fputs(" of ", cli->out);
        (void)print_text(cli, print_span(subject), 24);
        (void)fputs(" (", cli->out);
        print_short(cli, field_span(target->subject));
        (void)fputs(")", cli->out);
    }
    if (target->note.len > 0) {
        (void)fputs(" note ", cli->out);
        print_short(cli, field_span(target->note));
    }
}

static void print_rest(struct cli *cli, const struct query_event *event)
{
    if (event->target != NULL && event->target->class_ != 0) {
        (void)fprintf(cli->out, " %s", policy_class_name(event->target->class_));
    }
    if (event->target != NULL && event->target->chart.len > 0) {
        (void)fputs(" chart ", cli->out);
        print_short(cli, field_span(event->target->chart));
    }
    if (event->target != NULL) {
        print_about(cli, event->target);
    }
    if (event->target != NULL && event->target->basis_kind > BASIS_SELF) {
        (void)fprintf(cli->out, " by %s", log_print_basis(event->target->basis_kind));
    }
    if (event->open->count > 0) {
        (void)fprintf(cli->out, " x%llu", (unsigned long long)event->open->count);
    }
}

static char *line_of(const struct cli *cli, const struct query_event *event)
{
    struct cli memory = *cli;
    char *text = NULL;
    size_t size = 0;
    memory.out = open_memstream(&text, &size);
    CHECK(memory.out != NULL);
    print_head(&memory, event);
    print_rest(&memory, event);
    CHECK(fclose(memory.out) == 0);
    return text;
}

static bool has_section(const struct query_terms *query, const struct query_event *event)
{
    static const struct section_id any;
    return ID_EQUAL(&query->section, &any) ||
           (event->target != NULL && event->target->section.len == ID_BYTES &&
            memcmp(event->target->section.data, query->section.bytes, ID_BYTES) == 0);
}

bool log_print_wanted(const struct query_terms *query, const struct query_event *event)
{
    const Alcove__EventOpen *open = event->open;
    if (query->scope != ACTION_LOG_CHART) {
        return true;
    }
    struct member_id actor;
    memset(&actor, 0, sizeof actor);
    return (query->action == 0 || open->action == query->action) &&
           (query->outcome == 0 || open->outcome == query->outcome) &&
           open->time_ms >= query->time_from_ms &&
           (query->time_to_ms == 0 || open->time_ms <= query->time_to_ms) &&
           has_section(query, event) &&
           (ID_EQUAL(&query->actor, &actor) ||
            (field_member(open->actor, &actor) && ID_EQUAL(&query->actor, &actor)));
}

/* What is wanted, in the order in which it came. */
struct printing {
    struct cli *cli;
    const struct query_terms *query;
    void **items; /* cJSON, or a line */
    size_t count;
    size_t room;
};

static bool take_event(void *visitor, const struct query_event *event)
{
    struct printing *printing = visitor;
    if (!log_print_wanted(printing->query, event)) {
        return true;
    }
    CHECK(array_grow(&printing->items, &printing->room, printing->count + 1, sizeof(void *)) ==
          STATUS_OK);
    printing->items[printing->count++] =
        printing->cli->json ? (void *)log_print_object(host_engine(printing->cli->host), event)
                            : (void *)line_of(printing->cli, event);
    return true;
}

static void print_item(struct cli *cli, cJSON *array, void *item, bool shown)
{
    if (cli->json && shown) {
        (void)cJSON_AddItemToArray(array, item);
    } else if (cli->json) {
        cJSON_Delete(item);
    } else {
        if (shown) {
            struct print_row row;
            print_row_begin(cli, &row);
            (void)fputs(item, cli->out);
            print_row_end(cli, &row);
        }
        free(item);
    }
}

static void tell_count(struct cli *cli, size_t shown, uint32_t limit)
{
    (void)fprintf(cli->out, "%zu event%s. What is claimed here is proved by `alcove log verify`.\n",
                  shown, shown == 1 ? "" : "s");
    if (limit > 0 && shown == limit) {
        (void)fprintf(cli->out, "These are the newest; --limit N shows more, --limit 0 all.\n");
    }
}

int log_print_events(struct cli *cli, const struct query_terms *query, uint64_t ticket)
{
    struct printing printing = {.cli = cli, .query = query};
    enum status status = query_events(host_engine(cli->host), ticket, take_event, &printing);
    bool backwards = query->scope == ACTION_LOG_CHART;
    size_t shown =
        query->limit == 0 || printing.count < query->limit ? printing.count : query->limit;
    cJSON *array = cli->json ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < printing.count; i++) {
        size_t at = backwards ? printing.count - 1 - i : i;
        print_item(cli, array, printing.items[at], status == STATUS_OK && i < shown);
    }
    free(printing.items);
    if (status != STATUS_OK) {
        cJSON_Delete(array);
        return cli_fail(cli, SAY_LOG_READ, status);
    }
    if (cli->json) {
        print_json(cli, array);
    } else {
        tell_count(cli, shown, query->limit);
    }
    return CLI_OK;
}
