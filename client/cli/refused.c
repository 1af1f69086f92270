#include "client/cli/refused.h"

#include "client/cli/command.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

static bool find_refused(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    struct refused *refused = visitor;
    if (info->wish != ENGINE_WISH_FAILED) {
        return true;
    }
    if (refused->count < REFUSED_MAX) {
        refused->tickets[refused->count] = ticket;
    }
    refused->count++;
    bool stated = info->statement != STATEMENT_NONE;
    refused->statements += stated ? 1 : 0;
    refused->why = stated ? refused->why : info->status;
    return true;
}

void refused_get(const struct cli *cli, struct refused *out_refused)
{
    out_refused->count = 0;
    out_refused->statements = 0;
    out_refused->why = STATUS_OK;
    engine_outbox(host_engine(cli->host), find_refused, out_refused);
}

static const char *what(uint32_t statement)
{
    switch (statement) {
    case STATEMENT_INVITATION:
        return "the invitation of";
    case STATEMENT_DEVICE:
        return "the new device of";
    case STATEMENT_DEVICE_REVOCATION:
        return "the revocation of a device of";
    case STATEMENT_DELEGATION:
        return "the permission to invite clients for";
    case STATEMENT_RELATION:
        return "the relation to";
    case STATEMENT_RELATION_END:
        return "the end of a relation to";
    case STATEMENT_SUSPENSION:
        return "the suspension of";
    case STATEMENT_RESUMPTION:
        return "the end of the suspension of";
    case STATEMENT_GRANT:
        return "the grant to";
    case STATEMENT_REVOCATION:
        return "the end of the grant to";
    case STATEMENT_SECTION:
        return "a new section for";
    case STATEMENT_EPOCH:
        return "a new key for";
    default:
        return "a statement about";
    }
}

void refused_words(const struct cli *cli, const struct engine_ticket *info,
                   char out[static REFUSED_WORDS_BYTES])
{
    static const struct member_id nobody;
    char whom[VIEW_NAME_BYTES_MAX] = "those who are in";
    if (!ID_EQUAL(&info->member, &nobody)) {
        view_name(host_engine(cli->host), &info->member, whom);
    }
    struct view_section section;
    bool in = view_section(host_engine(cli->host), &info->section, &section) == STATUS_OK;
    char chart[VIEW_NAME_BYTES_MAX] = "";
    if (in) {
        view_name(host_engine(cli->host), &section.client, chart);
    }
    (void)snprintf(out, REFUSED_WORDS_BYTES, "%s %s%s%s%s%s", what(info->statement), whom,
                   in ? ", " : "", in ? policy_class_name(section.class) : "",
                   chart[0] != '\0' ? " of " : "", chart);
}

static bool tell_one(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    struct cli *cli = visitor;
    (void)ticket;
    if (info->wish == ENGINE_WISH_FAILED && info->statement != STATEMENT_NONE) {
        char words[REFUSED_WORDS_BYTES];
        refused_words(cli, info, words);
        cli_warn(
            cli,
            "REFUSED, and not in force: %s. Nothing was changed by it. Look at how things "
            "stand now, and ask again if you still want it; `alcove sync --drop-refused` takes "
            "this off the list.",
            words);
    }
    return true;
}

void refused_tell(struct cli *cli)
{
    struct refused refused;
    refused_get(cli, &refused);
    engine_outbox(host_engine(cli->host), tell_one, cli);
    if (refused.count > refused.statements) {
        cli_warn(cli,
                 "the server refused %zu for good; `alcove doctor` says why. The text is here "
                 "alone. `alcove sync --drop-refused` puts it among the kept ones, from where "
                 "`alcove write CHART --class CLASS --kept NAME` takes it elsewhere.",
                 refused.count - refused.statements);
    }
}
