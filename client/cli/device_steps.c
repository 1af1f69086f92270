#include "client/cli/device_steps.h"

#include "client/agent/clock.h"
#include "client/cli/pair_words.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/engine/api/act.h"
#include "client/engine/api/view.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>

static void put(struct cli *cli, const void *bytes, size_t size)
{
    (void)fwrite(bytes, 1, size, cli->out);
}

static void list_sections(struct cli *cli, struct add_offer *out)
{
    struct sections sections;
    if (sections_get(cli, &sections) != CLI_OK) {
        return;
    }
    struct pair_place *places = calloc(sections.count + 1, sizeof *places);
    CHECK(places != NULL);
    size_t count = 0;
    for (size_t i = 0; i < sections.count; i++) {
        if (!sections.items[i].ended) {
            places[count++] =
                (struct pair_place){sections.items[i].client, sections.items[i].class};
        }
    }
    char *text = pair_places(cli, places, count);
    (void)snprintf(out->words, sizeof out->words, "%s", text);
    out->sections = count;
    free(text);
    free(places);
    sections_free(&sections);
}

static int step_offer(struct cli *cli)
{
    int code = cli_refresh(cli);
    if (code != CLI_OK) {
        return code;
    }
    struct add_offer *answer = calloc(1, sizeof *answer);
    CHECK(answer != NULL);
    enum status status = act_pair_offer(host_engine(cli->host), clock_now_ms(), &answer->offer);
    if (status == STATUS_UNSUPPORTED) {
        code =
            cli_error(cli, CLI_REFUSED,
                      "only the device that you joined with can add another, and this is not it. "
                      "Nothing was changed. Run `alcove device add` there.");
    } else if (status == STATUS_FULL) {
        code = cli_error(cli, CLI_REFUSED,
                         "you have had %u devices, revoked ones included, and an account takes no "
                         "more. Nothing was changed.",
                         MEMBER_DEVICES_MAX);
    } else if (status != STATUS_OK) {
        code = cli_fail(cli, SAY_DEVICE_ADD, status);
    } else {
        engine_tls_pins(host_engine(cli->host), &answer->pins[0], &answer->pins[1]);
        list_sections(cli, answer);
        put(cli, answer, sizeof *answer);
    }
    wipe(answer, sizeof *answer);
    free(answer);
    return code;
}

/* The chain as it is now: the person may have taken a while. */
static int step_body(struct cli *cli, const struct add_said *said)
{
    int code = cli_refresh(cli);
    if (code != CLI_OK) {
        return code;
    }
    struct act_device_keys keys = {said->reveal.device, said->reveal.content_key,
                                   said->reveal.login_key, said->reveal.sealing_key};
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = act_device_body(host_engine(cli->host), &keys, &bytes, &size);
    struct add_body answer = {.size = (uint32_t)size};
    if (status == STATUS_OK && size > sizeof answer.bytes) {
        status = STATUS_TOO_LARGE;
    }
    if (status == STATUS_OK) {
        memcpy(answer.bytes, bytes, size);
        put(cli, &answer, sizeof answer);
    }
    free(bytes);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_DEVICE_ADD, status);
}

static int step_hand(struct cli *cli, const struct add_said *said)
{
    struct act_pair_said pair = {&said->code, said->transcript, said->reveal.sealing_key,
                                 span_of(said->body, said->body_size)};
    uint8_t *sealed = NULL;
    size_t size = 0;
    enum status status = act_pair_hand(host_engine(cli->host), &pair, &sealed, &size);
    if (status == STATUS_OK) {
        put(cli, sealed, size);
    }
    free(sealed);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_DEVICE_ADD, status);
}

static bool count_waiting(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    struct add_done *done = visitor;
    (void)ticket;
    done->waiting += info->wish != ENGINE_WISH_FAILED ? 1 : 0;
    return true;
}

static bool count_given(void *visitor, const struct view_given *given)
{
    struct add_done *done = visitor;
    (void)given;
    done->resealed++;
    return true;
}

/* The statement, and then the keys: the new device is complete when these are with the server. */
static int step_do(struct cli *cli, const struct add_said *said)
{
    struct engine *engine = host_engine(cli->host);
    uint64_t ticket = 0;
    enum status status = act_device(engine, span_of(said->body, said->body_size), &said->signature,
                                    clock_now_ms(), &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_DEVICE_ADD, status);
    }
    struct add_done done = {.sent = false};
    int code = cli_deliver(cli, ticket, &done.sent);
    if (code != CLI_OK) {
        return code;
    }
    struct engine_ticket info;
    engine_ticket(engine, ticket, &info);
    done.statement = info.object;
    if (done.sent) {
        (void)!act_pair_named(engine, &done.statement,
                              span_of(said->reveal.name, said->reveal.name_size));
        (void)!host_sync(cli->host, CLI_TIMEOUT_MS);
        view_given(engine, &done.statement, count_given, &done);
    }
    engine_outbox(engine, count_waiting, &done);
    put(cli, &done, sizeof done);
    return CLI_OK;
}

int device_steps_ask(struct cli *cli, const void *given)
{
    const struct add_values *values = given;
    struct add_said *said = calloc(1, sizeof *said);
    CHECK(said != NULL);
    int code = CLI_OK;
    if (values->said != NULL &&
        hex_decode(print_span(values->said), (uint8_t *)said, sizeof *said) != STATUS_OK) {
        code = cli_error(cli, CLI_USAGE, "the agent does not take these options");
    } else if (values->step == ADD_OFFER) {
        code = step_offer(cli);
    } else if (values->said == NULL || said->body_size > sizeof said->body ||
               said->reveal.name_size > sizeof said->reveal.name) {
        code = cli_error(cli, CLI_USAGE, "the agent does not take these options");
    } else {
        code = values->step == ADD_BODY   ? step_body(cli, said)
               : values->step == ADD_HAND ? step_hand(cli, said)
                                          : step_do(cli, said);
    }
    wipe(said, sizeof *said);
    free(said);
    return code;
}
