#include "client/cli/statement.h"

#include "client/cli/print_field.h"

#include <stdlib.h>
#include <time.h>

void statement_until(uint64_t until_ms, char *out, size_t out_size)
{
    time_t seconds = (time_t)(until_ms / 1000u);
    out[0] = '\0';
    struct tm local;
    if (until_ms == 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(out, out_size, " until %Y-%m-%d %H:%M", &local) == 0) {
        out[0] = '\0';
    }
}

int statement_tell(struct cli *cli, enum situation situation, enum status status, uint64_t ticket,
                   const struct statement_words *words)
{
    if (status != STATUS_OK) {
        return cli_fail(cli, situation, status);
    }
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);
    if (code != CLI_OK) {
        return code;
    }
    struct engine_ticket info;
    engine_ticket(host_engine(cli->host), ticket, &info);
    char *waits = NULL;
    CHECK(asprintf(&waits, "NOT YET IN FORCE: %s%s%s.", words->whom == NULL ? "" : words->whom,
                   words->whom == NULL ? "" : " ", words->still) >= 0);
    code = print_answer(
        cli,
        (const struct print_field[]){{"sent", PRINT_BOOL, .number = sent},
                                     {"statement", PRINT_ID, .span = ID_SPAN(&info.object)},
                                     {"event", PRINT_NUMBER, .number = info.event}},
        3, "%s", sent ? words->done : waits);
    free(waits);
    return code == CLI_OK && !sent ? CLI_UNREACHABLE : code;
}
