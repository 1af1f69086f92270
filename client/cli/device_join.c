#include "client/cli/device_join.h"

#include "client/agent/clock.h"
#include "client/cli/files.h"
#include "client/cli/joining.h"
#include "client/cli/kept_key.h"
#include "client/cli/new_profile.h"
#include "client/cli/pair_line.h"
#include "client/cli/pair_words.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/act_pair.h"
#include "client/engine/api/view.h"
#include "client/store/store.h"
#include "client/text/label.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>
#include <unistd.h>

#define SETTLE_MS   5000u
#define ADDED_MS    120000u /* the other device's statement and keys, once these are stored here */
#define COMPLETE_MS 60000u
#define AGAIN_MS    1000u
#define HOST_CHARS  64u

struct adopting {
    struct cli *cli;
    const struct device_join_values *values;
    struct joining joining;
    struct pair_line line;
    struct secret *passphrase;
    struct keystore *keystore;
    char name[TEXT_LABEL_BYTES_MAX];
};

/* ---- the code */

static enum status read_line(struct cli *cli, char out[static INVITATION_TEXT_CHARS_MAX + 64])
{
    if (cli->in < 0 || fgets(out, INVITATION_TEXT_CHARS_MAX + 64, stdin) == NULL) {
        return STATUS_NOT_FOUND;
    }
    return STATUS_OK;
}

/* From standard input the first line alone: the digits follow there. */
static enum status read_code(struct adopting *adopting)
{
    const char *file = adopting->values->file;
    enum status status;
    char line_secret[INVITATION_TEXT_CHARS_MAX + 64];
    if (strcmp(file, "-") == 0) {
        status = read_line(adopting->cli, line_secret);
        if (status == STATUS_OK) {
            status = join_new(span_of(line_secret, strlen(line_secret)), INVITATION_KIND_DEVICE,
                              &adopting->joining.join);
        }
        wipe(line_secret, sizeof line_secret);
        return status;
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    status = files_read(file, adopting->cli->in, INVITATION_TEXT_CHARS_MAX + 64, &bytes, &size);
    if (status == STATUS_OK) {
        status = join_new(span_of(bytes, size), INVITATION_KIND_DEVICE, &adopting->joining.join);
        wipe(bytes, size);
    }
    free(bytes);
    return status;
}

static void choose_name(struct adopting *adopting)
{
    const char *name = adopting->values->name;
    char host[HOST_CHARS] = "";
    if (name == NULL && gethostname(host, sizeof host - 1u) == 0) {
        name = host;
    }
    if (name == NULL || text_label_take(print_span(name), adopting->name) != NULL) {
        adopting->name[0] = '\0';
    }
}

/* ---- the exchange */

static bool is_past(struct pair_line *line, enum pair_new_phase phase)
{
    return pair_new_phase(line->new_one) >= phase;
}

static bool is_showing(struct pair_line *line)
{
    return is_past(line, PAIR_NEW_SHOWING);
}

static bool is_comparing(struct pair_line *line)
{
    return is_past(line, PAIR_NEW_COMPARING);
}

static bool is_storing(struct pair_line *line)
{
    return is_past(line, PAIR_NEW_STORING);
}

static bool is_done(struct pair_line *line)
{
    return is_past(line, PAIR_NEW_DONE);
}

static void refuse(struct adopting *adopting, enum pair_end why)
{
    adopting->line.status = STATUS_OK;
    if (pair_new_refuse(adopting->line.new_one, why) == STATUS_OK) {
        (void)!pair_line_until(&adopting->line, pair_line_settled, SETTLE_MS);
    }
}

static int go(struct adopting *adopting, bool (*done)(struct pair_line *line))
{
    enum status status = pair_line_until(&adopting->line, done, MEETING_MS);
    if (status == STATUS_OK && pair_new_phase(adopting->line.new_one) == PAIR_NEW_ENDED) {
        return pair_tell_end(adopting->cli, PAIR_WHO_NEW, pair_new_end(adopting->line.new_one));
    }
    if (status != STATUS_OK) {
        if (status != STATUS_BUSY && status != STATUS_OFFLINE && status != STATUS_REFUSED) {
            refuse(adopting, PAIR_END_BROKEN);
        }
        return pair_tell_failed(adopting->cli, PAIR_WHO_NEW, status);
    }
    return CLI_OK;
}

static int compare(struct adopting *adopting)
{
    struct cli *cli = adopting->cli;
    char line[PAIR_LINE_CHARS];
    for (unsigned left = CLI_TRIES; left > 0; left--) {
        if (!pair_ask(cli, "The six digits that the other device shows now:", line)) {
            break;
        }
        enum status status = pair_new_compare(adopting->line.new_one, line);
        if (status == STATUS_OK) {
            return CLI_OK;
        }
        if (status == STATUS_BAD_PROOF) {
            refuse(adopting, PAIR_END_DIGITS);
            return pair_tell_digits(cli, PAIR_WHO_NEW);
        }
        pair_say(cli, "These are not six digits.");
    }
    refuse(adopting, PAIR_END_PERSON);
    return cli_error(
        cli, CLI_REFUSED,
        "no digits were typed, and without them nothing is taken. This machine was not "
        "added, and no keys were kept here.");
}

static int meet(struct adopting *adopting)
{
    struct cli *cli = adopting->cli;
    enum status status =
        pair_new_begin(adopting->joining.join, print_span(adopting->name), &adopting->line.new_one);
    if (status != STATUS_OK) {
        return pair_tell_failed(cli, PAIR_WHO_NEW, status);
    }
    adopting->line.address = join_address(adopting->joining.join);
    adopting->line.pins[0] = adopting->joining.pin;
    int code = go(adopting, is_showing);
    if (code != CLI_OK) {
        return code;
    }
    pair_say(cli, "Type these six digits on the other device: %s",
             pair_new_digits(adopting->line.new_one));
    code = go(adopting, is_comparing);
    code = code == CLI_OK ? compare(adopting) : code;
    return code == CLI_OK ? go(adopting, is_storing) : code;
}

/* ---- what comes of it */

/* Names are a convenience: without them people are called by digits. */
static void keep_names(struct adopting *adopting)
{
    const struct keystore_content *content = keystore_content(adopting->keystore);
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(adopting->cli->profile, "store", path);
    struct store *store = NULL;
    if (status == STATUS_OK) {
        status = store_open(path, content->cache_master, &content->practice, &store);
    }
    if (status == STATUS_OK) {
        struct storage storage;
        store_storage(store, &storage);
        (void)!act_pair_keep(&storage, pair_new_names(adopting->line.new_one));
        (void)!act_pair_own(&storage, &content->device_statement, print_span(adopting->name));
    }
    store_close(store);
    (void)kept_key_settle(adopting->cli->profile, content);
}

static int store_keys(struct adopting *adopting)
{
    const struct pass_file_params *params =
        adopting->values->trial ? &pass_file_params_floor : &pass_file_params_default;
    struct keystore_content content;
    memset(&content, 0, sizeof content);
    enum status status = pair_new_take_content(adopting->line.new_one, &content);
    if (status == STATUS_OK) {
        status = keystore_create(adopting->cli->profile, params, secret_view(adopting->passphrase),
                                 &content, &adopting->keystore);
    }
    keystore_content_deinit(&content);
    if (status != STATUS_OK) {
        refuse(adopting, PAIR_END_BROKEN);
        new_profile_remove(adopting->cli->profile, NULL);
        return cli_fail(adopting->cli, SAY_JOIN_STORE, status);
    }
    keep_names(adopting);
    return CLI_OK;
}

static int tell_unsure(struct adopting *adopting)
{
    return cli_error(
        adopting->cli, CLI_UNREACHABLE,
        "the other device has not said whether it added this one. Your keys are kept in "
        "%s. Run `alcove sync` here: if that is refused, look at the other device; if it "
        "did not add this one, remove this folder and begin again with a new code.",
        adopting->cli->profile);
}

/* Whether the account has this device is the log's word, and this device's own login shows it. */
static int wait_added(struct adopting *adopting)
{
    if (pair_new_stored(adopting->line.new_one) != STATUS_OK) {
        return tell_unsure(adopting);
    }
    enum status status = pair_line_until(&adopting->line, is_done, ADDED_MS);
    if (status == STATUS_OK && pair_new_phase(adopting->line.new_one) == PAIR_NEW_ENDED) {
        keystore_close(adopting->keystore);
        adopting->keystore = NULL;
        new_profile_remove(adopting->cli->profile, NULL);
        return pair_tell_end(adopting->cli, PAIR_WHO_NEW, pair_new_end(adopting->line.new_one));
    }
    return status == STATUS_OK ? CLI_OK : tell_unsure(adopting);
}

struct completing {
    size_t sections, readable;
};

static bool count_section(void *visitor, const struct view_section *section)
{
    struct completing *completing = visitor;
    completing->sections += section->ended ? 0 : 1;
    completing->readable += !section->ended && section->readable ? 1 : 0;
    return true;
}

/* The first sync, which judges everything from the genesis on. */
static int complete(struct adopting *adopting)
{
    struct cli *cli = adopting->cli;
    keystore_close(adopting->keystore);
    adopting->keystore = NULL;
    int code = cli_open_with(cli, adopting->passphrase);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    char own[VIEW_NAME_BYTES_MAX] = "";
    struct completing completing = {0};
    struct member_id member = {{0}};
    if (code == CLI_OK) {
        struct engine_state state;
        engine_state(host_engine(cli->host), &state);
        member = state.member;
        view_name(host_engine(cli->host), &member, own);
        view_sections(host_engine(cli->host), count_section, &completing);
    }
    if (code != CLI_OK) {
        return code;
    }
    return print_answer(
        cli,
        (const struct print_field[]){
            {"member", PRINT_ID, .span = ID_SPAN(&member)},
            {"name", PRINT_TEXT, .span = print_span(own)},
            {"device_name", PRINT_TEXT, .span = print_span(adopting->name)},
            {"sections", PRINT_NUMBER, .number = completing.sections},
            {"readable", PRINT_NUMBER, .number = completing.readable}},
        5,
        completing.sections == completing.readable
            ? "This is a device of %s now, and all %zu sections are here. Next: alcove unlock"
            : "This is a device of %s now. Of its sections %zu can be read so far; the keys of the "
              "others come when the device that added it syncs. Next: alcove unlock",
        own, completing.readable);
}

static int adopt(struct adopting *adopting)
{
    struct cli *cli = adopting->cli;
    const struct join_info *info = join_info(adopting->joining.join);
    pair_say(cli, "The code is genuine: a device of %s, practice %s.",
             info->name[0] == '\0' ? "somebody" : info->name,
             info->practice_name[0] == '\0' ? "without a name" : info->practice_name);
    int code = cli_new_passphrase(cli, SAY_JOIN_PASSPHRASE, cli->passphrase_fd,
                                  "New passphrase, 15 characters or more", &adopting->passphrase);
    if (code != CLI_OK) {
        return code;
    }
    enum status status = new_profile_place(cli->profile);
    if (status != STATUS_OK) {
        return cli_fail_at(cli, SAY_JOIN_PLACE, cli->profile, status);
    }
    code = meet(adopting);
    if (code == CLI_OK) {
        code = store_keys(adopting);
    } else {
        new_profile_remove(cli->profile, NULL);
    }
    code = code == CLI_OK ? wait_added(adopting) : code;
    return code == CLI_OK ? complete(adopting) : code;
}

int device_join(struct cli *cli, const struct device_join_values *values)
{
    struct adopting *adopting = calloc(1, sizeof *adopting);
    CHECK(adopting != NULL);
    adopting->cli = cli;
    adopting->values = values;
    adopting->joining.status = STATUS_OK;
    choose_name(adopting);
    enum status status = read_code(adopting);
    int code =
        status == STATUS_OK ? CLI_OK : cli_fail_at(cli, SAY_DEVICE_CODE_READ, values->file, status);
    if (code == CLI_OK) {
        status = joining_connect(&adopting->joining, JOIN_VERIFIED);
        code = status == STATUS_OK ? CLI_OK : pair_tell_failed(cli, PAIR_WHO_NEW, status);
    }
    if (code == CLI_OK && !joining_right_server(&adopting->joining)) {
        code = cli_error(cli, CLI_ALARM,
                         "ALARM: another server answers at %s than the one that the code names. "
                         "Nothing was sent to it. Tell your practice.",
                         join_address(adopting->joining.join));
    }
    joining_deinit(&adopting->joining);
    if (code == CLI_OK) {
        code = adopt(adopting);
    }
    pair_line_deinit(&adopting->line);
    pair_new_free(adopting->line.new_one);
    keystore_close(adopting->keystore);
    secret_free(adopting->passphrase);
    join_free(adopting->joining.join);
    free(adopting);
    return code;
}
