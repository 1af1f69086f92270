#include "client/cli/pair_words.h"

#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/view.h"
#include "proto/policy.h"

#include <stdarg.h>
#include <stdlib.h>

#define PLACES_NAMED_MAX 12u

void pair_say(struct cli *cli, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = NULL;
    CHECK(vasprintf(&text, format, values) >= 0); /* NOLINT(clang-analyzer-valist.*) */
    va_end(values);
    struct cli to = *cli;
    to.out = cli->json ? cli->err : cli->out;
    print_sentence(&to, print_span(text), 0);
    (void)fflush(to.out);
    free(text);
}

bool pair_ask(struct cli *cli, const char *question, char out_line[static PAIR_LINE_CHARS])
{
    FILE *out = cli->json ? cli->err : cli->out;
    (void)fprintf(out, "%s ", question);
    (void)fflush(out);
    if (cli->in < 0 || fgets(out_line, (int)PAIR_LINE_CHARS, stdin) == NULL) {
        return false;
    }
    size_t end = strcspn(out_line, "\r\n");
    bool whole = out_line[end] != '\0';
    out_line[end] = '\0';
    return whole || feof(stdin) != 0;
}

/* What is as it was before, on either side. */
static const char *kept(enum pair_who who)
{
    return who == PAIR_WHO_OLD ? "Nothing was added, and nothing new can be read by anybody."
                               : "This machine was not added, and no keys were kept here.";
}

static const char *again(enum pair_who who)
{
    return who == PAIR_WHO_OLD ? "`alcove device add` makes a new code."
                               : "Make a new code there with `alcove device add`.";
}

int pair_tell_digits(struct cli *cli, enum pair_who who)
{
    return cli_error(
        cli, CLI_ALARM,
        "ALARM: these are not the digits of the other device. Either they were mistyped, "
        "or somebody stands between the two. %s The code is used up. %s If it happens "
        "again, tell your practice.",
        kept(who), again(who));
}

int pair_tell_end(struct cli *cli, enum pair_who who, enum pair_end end)
{
    switch (end) {
    case PAIR_END_DIGITS:
        return cli_error(
            cli, CLI_ALARM,
            "ALARM: on the other device other digits were typed than this one shows. "
            "Either they were mistyped, or somebody stands between the two. %s The code "
            "is used up. %s If it happens again, tell your practice.",
            kept(who), again(who));
    case PAIR_END_PERSON:
        return cli_error(cli, CLI_REFUSED, "it was refused on the other device. %s %s", kept(who),
                         again(who));
    case PAIR_END_CHANGED:
        return cli_error(cli, CLI_FAILED,
                         "the account changed while the device was being added. %s %s", kept(who),
                         again(who));
    case PAIR_END_NONE:
    case PAIR_END_BROKEN:
        break;
    }
    return cli_error(
        cli, CLI_ALARM,
        "ALARM: the other device found that what came to it does not hold: somebody may "
        "stand between the two. %s %s Tell your practice.",
        kept(who), again(who));
}

int pair_tell_failed(struct cli *cli, enum pair_who who, enum status status)
{
    const char *here = kept(who);
    const char *next = again(who);
    if (status == STATUS_BUSY) {
        return cli_error(cli, CLI_UNREACHABLE,
                         "the other device did not answer in time: a code is good for 15 minutes. "
                         "%s %s",
                         here, next);
    }
    if (status == STATUS_OFFLINE) {
        return cli_error(cli, CLI_UNREACHABLE, "the server was not reached. %s %s", here, next);
    }
    if (status == STATUS_REFUSED) {
        return cli_error(
            cli, CLI_REFUSED,
            "the server does not know this code, or not any more: a code is good for 15 "
            "minutes and once, and ends when the server is started again or a newer one "
            "is made. %s %s",
            here, next);
    }
    if (status == STATUS_CONFLICT) {
        return cli_error(cli, CLI_ALARM,
                         "ALARM: somebody else used this code already. %s Keep the next code away "
                         "from others. %s",
                         here, next);
    }
    if (status == STATUS_NO_MEMORY || status == STATUS_IO || status == STATUS_VERSION ||
        status == STATUS_READ_ONLY) {
        return cli_error(cli, CLI_FAILED, "it did not come about: %s. %s %s", status_reason(status),
                         here, next);
    }
    return cli_error(
        cli, CLI_ALARM,
        "ALARM: what came in the other device's name does not hold (%s): the server or "
        "somebody else changed it. %s Tell your practice.",
        status_reason(status), here);
}

static void put_place(struct cli *cli, FILE *out, const struct pair_place *places, size_t count,
                      size_t at)
{
    static const struct member_id nobody;
    const struct member_id *client = &places[at].client;
    if (ID_EQUAL(client, &nobody)) {
        (void)fprintf(out, "the directory");
        return;
    }
    char name[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), client, name);
    (void)fprintf(out, "%s (", name);
    const char *comma = "";
    for (size_t i = at; i < count; i++) {
        if (ID_EQUAL(&places[i].client, client)) {
            (void)fprintf(out, "%s%s", comma, policy_class_name(places[i].class));
            comma = ", ";
        }
    }
    (void)fprintf(out, ")");
}

char *pair_places(struct cli *cli, const struct pair_place *places, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    CHECK(out != NULL);
    size_t named = 0;
    for (size_t i = 0; i < count; i++) {
        bool first = true;
        for (size_t before = 0; before < i && first; before++) {
            first = !ID_EQUAL(&places[before].client, &places[i].client);
        }
        if (first && named < PLACES_NAMED_MAX) {
            (void)fprintf(out, "%s", named > 0 ? ", " : "");
            put_place(cli, out, places, count, i);
        }
        named += first ? 1 : 0;
    }
    if (named > PLACES_NAMED_MAX) {
        (void)fprintf(out, " and %zu more", named - PLACES_NAMED_MAX);
    }
    CHECK(fclose(out) == 0);
    return text;
}
