#include "client/cli/log_print.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/view.h"
#include "keys/public/bytes/array.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#include <arpa/inet.h>

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

const char *log_print_purpose(uint32_t purpose)
{
    static const char *const names[] = {"",
                                        "treatment",
                                        "treatment in an emergency",
                                        "operations of the practice",
                                        "the client's own wish",
                                        "covering for a colleague",
                                        "an audit"};
    return purpose < ARRAY_LEN(names) ? names[purpose] : "?";
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

/* "192.0.2.0/24" or "2001:db8::/48": the server keeps no more of it. */
static void add_address(cJSON *object, ProtobufCBinaryData source)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (source.len != 16) {
        return;
    }
    bool four = memcmp(source.data, mapped, sizeof mapped) == 0;
    char address[INET6_ADDRSTRLEN];
    char text[INET6_ADDRSTRLEN + 4];
    if (inet_ntop(four ? AF_INET : AF_INET6, source.data + (four ? sizeof mapped : 0), address,
                  INET6_ADDRSTRLEN) != NULL) {
        (void)snprintf(text, sizeof text, "%s%s", address, four ? "/24" : "/48");
        print_add_text(object, "address", text);
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
    print_add_text(object, "purpose_words", log_print_purpose(event->open->purpose));
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
        add_address(object, event->restricted->source);
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
        static const char *const words[] = {"",
                                            "",
                                            "as the section's maker",
                                            "by a grant",
                                            "by a relation",
                                            "by role",
                                            "by delegation",
                                            "by invitation"};
        if (event->target->basis_kind < ARRAY_LEN(words)) {
            (void)fprintf(cli->out, ", %s", words[event->target->basis_kind]);
        }
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

/* What is wanted, in the order in which it came. */
struct printing {
    struct cli *cli;
    const struct log_pick *pick;
    void **items; /* cJSON, or a line */
    size_t count;
    size_t room;
    bool nameless;                          /* somebody is shown by digits */
    size_t left_out[POLICY_ACTION_MAX + 1]; /* of each action */
};

static bool take_event(void *visitor, const struct query_event *event)
{
    struct printing *printing = visitor;
    if (!log_pick_wanted(printing->pick, event)) {
        return true;
    }
    if (!printing->cli->json && log_pick_is_noise(printing->pick, event)) {
        printing->left_out[event->open->action]++;
        return true;
    }
    struct member_id actor;
    printing->nameless |= field_member(event->open->actor, &actor) &&
                          !view_is_named(host_engine(printing->cli->host), &actor);
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

/* "Left out: 12 login, 3 rotate." */
static void tell_left_out(struct cli *cli, const size_t *left_out)
{
    bool any = false;
    struct print_row row;
    for (uint32_t action = 1; action <= POLICY_ACTION_MAX; action++) {
        if (left_out[action] == 0) {
            continue;
        }
        if (!any) {
            print_row_begin(cli, &row);
        }
        (void)fprintf(cli->out, "%s%zu %s", any ? ", " : "Left out: ", left_out[action],
                      policy_action_name(action));
        any = true;
    }
    if (any) {
        (void)fputs("; --all shows them.", cli->out);
        print_row_end(cli, &row);
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

/* A client has no directory: their therapist is who can name colleagues (act.h). */
static void tell_nameless(struct cli *cli)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    if (state.role == ROLE_CLIENT) {
        print_sentence(cli,
                       print_span("Digits stand for somebody whose name is not here yet. Ask your "
                                  "therapist: a colleague is named to you once they are let into "
                                  "the chart."),
                       0);
    }
}

int log_print_events(struct cli *cli, const struct log_pick *pick, uint64_t ticket)
{
    const struct query_terms *query = pick->query;
    struct printing printing = {.cli = cli, .pick = pick};
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
        tell_left_out(cli, printing.left_out);
        if (printing.nameless) {
            tell_nameless(cli);
        }
        tell_count(cli, shown, query->limit);
    }
    return CLI_OK;
}
