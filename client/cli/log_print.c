#include "client/cli/log_print.h"

#include "client/cli/print.h"
#include "client/engine/view.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define LINE_COLUMNS 80u

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

cJSON *log_print_object(const struct engine *engine, const struct ledger_event *event)
{
    cJSON *object = cJSON_CreateObject();
    char actor[VIEW_NAME_BYTES_MAX];

    name_of(engine, event->open->actor, actor);
    print_add_number(object, "seq", event->seq);
    print_add_number(object, "time_ms", event->open->time_ms);
    add_id(object, "actor", event->open->actor);
    print_add_text(object, "actor_name", actor);
    print_add_text(object, "role", policy_role_name(event->open->role));
    print_add_text(object, "action", policy_action_name(event->open->action));
    print_add_text(object, "outcome", log_print_outcome(event->open->outcome));
    print_add_text(object, "reason", status_name((enum status)event->open->reason));
    print_add_text(object, "purpose", purpose_name(event->open->purpose));
    print_add_number(object, "count", event->open->count);
    print_add_id(object, "leaf", ID_SPAN(&event->leaf));
    if (event->target != NULL) {
        add_target(object, event->target);
    }
    if (event->restricted != NULL) {
        add_id(object, "device", event->restricted->device);
        add_id(object, "source", event->restricted->source);
    }
    return object;
}

struct printing {
    struct cli *cli;
    const struct ledger_query *query;
    cJSON *array;
    size_t count;
};

/* "2026-03-02 10:20  T2  read  process  refused": one line a person can follow. */
static void print_head(struct cli *cli, const struct ledger_event *event)
{
    char actor[VIEW_NAME_BYTES_MAX];

    name_of(host_engine(cli->host), event->open->actor, actor);
    (void)fprintf(cli->out, "%6llu ", (unsigned long long)event->seq);
    print_time(cli, event->open->time_ms);
    (void)fprintf(cli->out, " %s ",
                  event->open->role == 0 ? "server" : policy_role_name(event->open->role));
    print_text(cli, span_of(actor, strlen(actor)), 10);
    (void)fprintf(cli->out, " %s %s", policy_action_name(event->open->action),
                  log_print_outcome(event->open->outcome));
}

static void print_rest(struct cli *cli, const struct ledger_event *event)
{
    if (event->target != NULL && event->target->class_ != 0) {
        (void)fprintf(cli->out, " %s", policy_class_name(event->target->class_));
    }
    if (event->target != NULL && event->target->chart.len > 0) {
        (void)fputs(" chart ", cli->out);
        print_short(cli, field_span(event->target->chart));
    }
    if (event->target != NULL && event->target->basis_kind > BASIS_SELF) {
        (void)fprintf(cli->out, " by %s", log_print_basis(event->target->basis_kind));
    }
    if (event->open->count > 0) {
        (void)fprintf(cli->out, " x%llu", (unsigned long long)event->open->count);
    }
}

/* Into memory, for its width. */
static char *printed(const struct cli *cli,
                     void (*print)(struct cli *cli, const struct ledger_event *event),
                     const struct ledger_event *event)
{
    struct cli memory = *cli;
    char *text = NULL;
    size_t size = 0;

    memory.out = open_memstream(&text, &size);
    CHECK(memory.out != NULL);
    print(&memory, event);
    CHECK(fclose(memory.out) == 0);
    return text;
}

static void print_line(struct cli *cli, const struct ledger_event *event)
{
    char *head = printed(cli, print_head, event);
    char *rest = printed(cli, print_rest, event);
    bool fits = strlen(head) + strlen(rest) <= LINE_COLUMNS;

    (void)fprintf(cli->out, fits ? "%s%s\n" : "%s\n                       %s\n", head, rest);
    free(head);
    free(rest);
}

/* A chart's history comes whole, since only so it can be proved; it is sifted here. */
static bool is_wanted(const struct ledger_query *query, const struct ledger_event *event)
{
    const Alcove__EventOpen *open = event->open;
    struct member_id actor;

    if (query->scope != ACTION_LOG_CHART) {
        return true;
    }
    memset(&actor, 0, sizeof(actor));
    return (query->action == 0 || open->action == query->action) &&
           (query->outcome == 0 || open->outcome == query->outcome) &&
           open->time_ms >= query->time_from_ms &&
           (query->time_to_ms == 0 || open->time_ms <= query->time_to_ms) &&
           (ID_EQUAL(&query->actor, &actor) ||
            (field_member(open->actor, &actor) && ID_EQUAL(&query->actor, &actor)));
}

static bool print_event(void *visitor, const struct ledger_event *event)
{
    struct printing *printing = visitor;

    if (!is_wanted(printing->query, event)) {
        return true;
    }
    printing->count++;
    if (printing->cli->json) {
        (void)cJSON_AddItemToArray(printing->array,
                                   log_print_object(host_engine(printing->cli->host), event));
    } else {
        print_line(printing->cli, event);
    }
    return true;
}

int log_print_events(struct cli *cli, const struct ledger_query *query, uint64_t ticket)
{
    struct printing printing = {cli, query, cli->json ? cJSON_CreateArray() : NULL, 0};
    enum status status = ledger_events(host_engine(cli->host), ticket, print_event, &printing);

    if (status != STATUS_OK) {
        cJSON_Delete(printing.array);
        return cli_fail(cli, "the log was not read", status);
    }
    if (cli->json) {
        print_json(cli, printing.array);
    } else {
        (void)fprintf(cli->out,
                      "%zu events. What is claimed here is proved by `alcove log verify`.\n",
                      printing.count);
    }
    return CLI_OK;
}
