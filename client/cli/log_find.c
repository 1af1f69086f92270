#include "client/cli/log_find.h"

#include "client/engine/api/query.h"
#include "keys/public/bytes/hex.h"
#include "proto/message.h"
#include "proto/words.h"

#define PREFIX_DIGITS_MIN 4u

struct finding {
    struct hex_prefix prefix;
    bool charts;
    uint8_t id[ID_BYTES];
    size_t found; /* that differ */
};

static bool field_fits(const struct finding *finding, ProtobufCBinaryData id)
{
    return id.len == ID_BYTES && hex_prefix_matches(&finding->prefix, field_span(id));
}

static bool visit_making(void *visitor, const struct query_event *event)
{
    struct finding *finding = visitor;
    const Alcove__EventTarget *target = event->target;
    if (target == NULL || target->chart.len != ID_BYTES || target->section.len != ID_BYTES) {
        return true;
    }
    bool fits = finding->charts
                    ? field_fits(finding, target->chart) || field_fits(finding, target->subject)
                    : field_fits(finding, target->section);
    if (fits) {
        const uint8_t *id = finding->charts ? target->chart.data : target->section.data;
        finding->found += finding->found == 0 || memcmp(finding->id, id, ID_BYTES) != 0 ? 1 : 0;
        memcpy(finding->id, id, ID_BYTES);
    }
    return true;
}

static int search(struct cli *cli, struct finding *finding)
{
    uint64_t ticket = 0;
    const struct query_terms query = {.scope = ACTION_LOG_ALL, .action = ACTION_CREATE_SECTION};
    enum status status = query_ask(host_engine(cli->host), &query, &ticket);
    struct engine_ticket info = {0};
    if (status == STATUS_OK) {
        status = host_answer(cli->host, ticket, 10 * CLI_TIMEOUT_MS);
        engine_ticket(host_engine(cli->host), ticket, &info);
    }
    if (status == STATUS_OK && info.wish != ENGINE_WISH_DONE) {
        status = info.status;
    }
    if (status == STATUS_OK) {
        status = query_events(host_engine(cli->host), ticket, visit_making, finding);
    }
    query_drop(host_engine(cli->host), ticket);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_LOG_READ, status);
}

static int find(struct cli *cli, const char *what, const char *word, struct finding *finding)
{
    if (strlen(word) < PREFIX_DIGITS_MIN ||
        hex_prefix_parse(span_of(word, strlen(word)), &finding->prefix) != STATUS_OK) {
        return cli_error(
            cli, CLI_USAGE,
            "an auditor knows no names of clients; give the first digits of the id, at "
            "least %u, not %s",
            PREFIX_DIGITS_MIN, word);
    }
    int code = search(cli, finding);
    if (code != CLI_OK || finding->found == 1) {
        return code;
    }
    return finding->found == 0
               ? cli_error(cli, CLI_NOT_FOUND, "no %s in the log begins with %s", what, word)
               : cli_error(cli, CLI_USAGE,
                           "several of type %s in the log begin with %s; give more digits", what,
                           word);
}

int log_find_chart(struct cli *cli, const char *word, struct chart_id *out_chart)
{
    struct finding finding = {.charts = true};
    int code = find(cli, "chart", word, &finding);
    memcpy(out_chart->bytes, finding.id, ID_BYTES);
    return code;
}

int log_find_section(struct cli *cli, const char *word, struct section_id *out_section)
{
    struct finding finding = {.charts = false};
    int code = find(cli, "section", word, &finding);
    memcpy(out_section->bytes, finding.id, ID_BYTES);
    return code;
}
