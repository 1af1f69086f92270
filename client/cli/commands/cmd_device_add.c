#include "client/cli/command.h"
#include "client/cli/device_steps.h"
#include "client/cli/files.h"
#include "client/cli/forward.h"
#include "client/cli/hold.h"
#include "client/cli/pair_line.h"
#include "client/cli/pair_words.h"
#include "client/cli/print_field.h"
#include "client/cli/qr.h"
#include "client/text/label.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>

/* `device add`: the person's side. The command waits for a person and for another machine, so that it
 * runs in the caller's process; each step that needs the identity key is asked of the agent, or done
 * here when there is none. */

#define SETTLE_MS 5000u

struct adding {
    struct cli *cli;
    const struct add_values *values;
    bool there; /* an agent has the keys */
    struct add_offer offer;
    struct add_said said;
    struct pair_line line;
};

/* One step, in the agent or here. CLI_OK and its answer, which the caller wipes and frees. */
static int step(struct adding *adding, enum add_step what, uint8_t **out_bytes, size_t *out_size)
{
    struct add_values values = {.step = what};
    char *hex = NULL;
    if (what != ADD_OFFER) {
        hex = malloc(HEX_CHARS(sizeof adding->said) + 1u);
        CHECK(hex != NULL);
        hex_encode(span_of((const uint8_t *)&adding->said, sizeof adding->said), hex);
        values.said = hex;
    }
    int code;
    if (adding->there) {
        code = forward_ask(adding->cli, &values, out_bytes, out_size);
    } else {
        struct cli here = *adding->cli;
        char *text = NULL;
        here.out = open_memstream(&text, out_size);
        CHECK(here.out != NULL);
        code = device_steps_ask(&here, &values);
        CHECK(fclose(here.out) == 0);
        if (code != CLI_OK) {
            (void)fwrite(text, 1, *out_size, adding->cli->out);
            free(text);
            text = NULL;
        }
        adding->cli->answered |= here.answered;
        *out_bytes = (uint8_t *)text;
    }
    if (hex != NULL) {
        wipe(hex, HEX_CHARS(sizeof adding->said));
        free(hex);
    }
    return code;
}

/* The same with an answer of one size. */
static int step_fixed(struct adding *adding, enum add_step what, void *out, size_t size)
{
    uint8_t *bytes = NULL;
    size_t found = 0;
    int code = step(adding, what, &bytes, &found);
    if (code == CLI_OK && found != size) {
        code = cli_error(adding->cli, CLI_FAILED,
                         "the agent is of another version. Run `alcove lock`, then unlock again.");
    } else if (code == CLI_OK) {
        memcpy(out, bytes, size);
    }
    if (bytes != NULL) {
        wipe(bytes, found);
    }
    free(bytes);
    return code;
}

static bool is_open(struct pair_line *line)
{
    return pair_old_open(line->old);
}

static bool is_comparing(struct pair_line *line)
{
    return pair_old_phase(line->old) == PAIR_OLD_COMPARING ||
           pair_old_phase(line->old) == PAIR_OLD_ENDED;
}

static bool is_signed(struct pair_line *line)
{
    return pair_old_phase(line->old) == PAIR_OLD_SIGNED ||
           pair_old_phase(line->old) == PAIR_OLD_ENDED;
}

static bool is_stored(struct pair_line *line)
{
    return pair_old_phase(line->old) == PAIR_OLD_STORED ||
           pair_old_phase(line->old) == PAIR_OLD_ENDED;
}

/* The other side is told, if the server lets us: it need not wait then. */
static void refuse(struct adding *adding, enum pair_end why)
{
    adding->line.status = STATUS_OK;
    if (pair_old_refuse(adding->line.old, why) == STATUS_OK) {
        (void)!pair_line_until(&adding->line, pair_line_settled, SETTLE_MS);
    }
}

static int go(struct adding *adding, bool (*done)(struct pair_line *line), uint64_t timeout_ms)
{
    enum status status = pair_line_until(&adding->line, done, timeout_ms);
    if (status == STATUS_OK && pair_old_phase(adding->line.old) == PAIR_OLD_ENDED) {
        return pair_tell_end(adding->cli, PAIR_WHO_OLD, pair_old_end(adding->line.old));
    }
    if (status != STATUS_OK) {
        if (status != STATUS_BUSY && status != STATUS_OFFLINE && status != STATUS_REFUSED) {
            refuse(adding, PAIR_END_BROKEN);
        }
        return pair_tell_failed(adding->cli, PAIR_WHO_OLD, status);
    }
    return CLI_OK;
}

static int give_code(struct adding *adding)
{
    struct cli *cli = adding->cli;
    char code_secret[INVITATION_TEXT_CHARS_MAX + 2];
    invitation_code_encode(&adding->offer.offer.code, code_secret);
    size_t size = strlen(code_secret);
    enum status status = STATUS_OK;
    if (adding->values->out != NULL) {
        code_secret[size] = '\n';
        status = files_write_new(adding->values->out, span_of(code_secret, size + 1u));
    } else {
        (void)fprintf(cli->out, "%s\n\n", code_secret);
        status = qr_draw(cli, code_secret);
    }
    wipe(code_secret, sizeof code_secret);
    if (status != STATUS_OK) {
        return cli_fail_at(cli, SAY_DEVICE_ADD, adding->values->out, status);
    }
    pair_say(
        cli,
        "This code adds one device to your account. It works for 15 minutes, once. On the new "
        "device: alcove join --device %s. Carry the code yourself; whoever reads it on the way "
        "is found out by the digits that both devices show next. Waiting for it.",
        adding->values->out == NULL ? "FILE" : adding->values->out);
    return CLI_OK;
}

/* Typed here, read there: no answer to a question says it without looking. */
static int compare(struct adding *adding)
{
    struct cli *cli = adding->cli;
    const struct pairing_reveal *reveal = pair_old_revealed(adding->line.old);
    char name[TEXT_LABEL_BYTES_MAX];
    bool named = text_label_take(span_of(reveal->name, reveal->name_size), name) == NULL;
    pair_say(cli, "A device answers%s%s%s.", named ? ", which calls itself \"" : "",
             named ? name : "", named ? "\"" : "");
    char line[PAIR_LINE_CHARS];
    for (unsigned left = CLI_TRIES; left > 0; left--) {
        if (!pair_ask(cli, "The six digits that the new device shows:", line)) {
            break;
        }
        enum status status = pair_old_compare(adding->line.old, line);
        if (status == STATUS_OK) {
            return CLI_OK;
        }
        if (status == STATUS_BAD_PROOF) {
            refuse(adding, PAIR_END_DIGITS);
            return pair_tell_digits(cli, PAIR_WHO_OLD);
        }
        pair_say(cli, "These are not six digits.");
    }
    refuse(adding, PAIR_END_PERSON);
    return cli_error(
        cli, CLI_REFUSED,
        "no digits were typed, and without them no device is added. Nothing was changed; "
        "the code is used up.");
}

static int agree(struct adding *adding)
{
    struct cli *cli = adding->cli;
    pair_say(
        cli,
        "They match. The new device will be able to read everything that you can, past and to "
        "come, and to write in your name: %llu section%s%s%s. It gets what your account shares "
        "with others to open sealed keys, and can revoke your other devices. It cannot add "
        "devices; only this one can.",
        (unsigned long long)adding->offer.sections, adding->offer.sections == 1 ? "" : "s",
        adding->offer.words[0] == '\0' ? "" : ", of ", adding->offer.words);
    if (!adding->values->yes && !cli_confirm(cli, "Add it?")) {
        refuse(adding, PAIR_END_PERSON);
        return cli_error(cli, CLI_REFUSED,
                         "the device was not added. Nothing was changed; the code is used up.");
    }
    return CLI_OK;
}

static int exchange(struct adding *adding)
{
    struct pair_old *pair = adding->line.old;
    adding->said.code = adding->offer.offer.code;
    adding->said.reveal = *pair_old_revealed(pair);
    adding->said.transcript = *pair_old_transcript(pair);
    struct add_body body = {0};
    int code = step_fixed(adding, ADD_BODY, &body, sizeof body);
    if (code != CLI_OK) {
        refuse(adding, PAIR_END_CHANGED);
        return code;
    }
    enum status status = pair_old_agree(pair, span_of(body.bytes, body.size));
    if (status != STATUS_OK) {
        return pair_tell_failed(adding->cli, PAIR_WHO_OLD, status);
    }
    pair_say(adding->cli, "Type these six digits on the new device: %s", pair_old_digits(pair));
    code = go(adding, is_signed, MEETING_MS);
    if (code != CLI_OK) {
        return code;
    }
    adding->said.signature = *pair_old_signature(pair);
    adding->said.body_size = body.size;
    memcpy(adding->said.body, body.bytes, body.size);
    uint8_t *sealed = NULL;
    size_t size = 0;
    code = step(adding, ADD_HAND, &sealed, &size);
    if (code == CLI_OK) {
        status = pair_old_hand(pair, span_of(sealed, size));
        code = status == STATUS_OK ? go(adding, is_stored, MEETING_MS)
                                   : pair_tell_failed(adding->cli, PAIR_WHO_OLD, status);
    }
    free(sealed);
    return code;
}

static int tell_added(struct adding *adding, const struct add_done *done)
{
    const struct pairing_reveal *reveal = &adding->said.reveal;
    char name[TEXT_LABEL_BYTES_MAX] = "";
    (void)text_label_take(span_of(reveal->name, reveal->name_size), name);
    int code = print_answer(
        adding->cli,
        (const struct print_field[]){{"device", PRINT_ID, .span = ID_SPAN(&reveal->device)},
                                     {"statement", PRINT_ID, .span = ID_SPAN(&done->statement)},
                                     {"name", PRINT_TEXT, .span = print_span(name)},
                                     {"sent", PRINT_BOOL, .number = done->sent},
                                     {"sections", PRINT_NUMBER, .number = done->resealed},
                                     {"waiting", PRINT_NUMBER, .number = done->waiting}},
        6,
        done->sent && done->waiting == 0
            ? "Added. It has the keys of %llu sections; your other devices are told."
        : done->sent
            ? "Added, and it has the keys of %llu sections so far. The rest waits here and goes "
              "with "
              "the next `alcove sync` on this device."
            : "NOT YET IN FORCE (%llu sections): the server was not reached. It is saved here and "
              "goes "
              "with the next `alcove sync` on this device; until then the new one cannot connect.",
        (unsigned long long)done->resealed);
    return code == CLI_OK && !done->sent ? CLI_UNREACHABLE : code;
}

static int finish(struct adding *adding)
{
    struct add_done done = {0};
    int code = step_fixed(adding, ADD_DO, &done, sizeof done);
    if (code != CLI_OK) {
        refuse(adding, PAIR_END_CHANGED);
        return code;
    }
    if (done.sent && pair_old_added(adding->line.old) == STATUS_OK) {
        (void)!pair_line_until(&adding->line, pair_line_settled, SETTLE_MS);
    }
    return tell_added(adding, &done);
}

static int add(struct adding *adding)
{
    int code = step_fixed(adding, ADD_OFFER, &adding->offer, sizeof adding->offer);
    if (code != CLI_OK) {
        return code;
    }
    enum status status = pair_old_begin(&adding->offer.offer, &adding->line.old);
    if (status != STATUS_OK) {
        return cli_fail(adding->cli, SAY_DEVICE_ADD, status);
    }
    adding->line.address = adding->offer.offer.code.address;
    memcpy(adding->line.pins, adding->offer.pins, sizeof adding->line.pins);
    code = go(adding, is_open, CLI_TIMEOUT_MS);
    code = code == CLI_OK ? give_code(adding) : code;
    code = code == CLI_OK ? go(adding, is_comparing, MEETING_MS) : code;
    code = code == CLI_OK ? compare(adding) : code;
    code = code == CLI_OK ? agree(adding) : code;
    code = code == CLI_OK ? exchange(adding) : code;
    return code == CLI_OK ? finish(adding) : code;
}

static int run_add(struct cli *cli, const void *given)
{
    const struct add_values *values = given;
    if (cli->json && (values->out == NULL || !values->yes)) {
        return cli_error(cli, CLI_USAGE,
                         "with --json give --out FILE for the code, and --yes; the digits are read "
                         "from standard input all the same");
    }
    struct adding *adding = calloc(1, sizeof *adding);
    CHECK(adding != NULL);
    adding->cli = cli;
    adding->values = values;
    adding->there = forward_reaches(cli);
    int hold = adding->there ? hold_begin(cli) : -1;
    int code = adding->there ? CLI_OK : cli_open(cli);
    if (code == CLI_OK) {
        code = add(adding);
    }
    hold_end(hold);
    pair_line_deinit(&adding->line);
    pair_old_free(adding->line.old);
    wipe(adding, sizeof *adding);
    free(adding);
    return code;
}

static const struct option_rule STEPS = {.most = ADD_DO};

static const struct option OPTIONS[] = {
    {"--out", OPTION_FILE, offsetof(struct add_values, out), "FILE",
     "write the code into this new file", NULL},
    {"--yes", OPTION_FLAG, offsetof(struct add_values, yes), NULL,
     "add it without being asked; digits are compared", NULL},
    {"step", OPTION_NUMBER, offsetof(struct add_values, step), NULL, NULL, &STEPS},
    {"said", OPTION_TEXT, offsetof(struct add_values, said), NULL, NULL, NULL},
};
static const struct option_table DEVICE_ADD = {OPTIONS, ARRAY_LEN(OPTIONS),
                                               sizeof(struct add_values)};

static const struct command COMMANDS[] = {
    {"device add", "add a device of your own to your account", COMMAND_NEEDS_NOTHING, COMMAND_HERE,
     &DEVICE_ADD, NULL, NULL, device_steps_ask, run_add},
};
const struct command_list cmd_device_add = {COMMANDS, ARRAY_LEN(COMMANDS)};
