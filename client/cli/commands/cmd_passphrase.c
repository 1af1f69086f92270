#include "client/cli/command.h"
#include "client/cli/forward.h"
#include "client/cli/print_field.h"
#include "client/cli/secrets.h"
#include "keys/private/keystore.h"
#include "keys/private/pass_file.h"

static int change(struct cli *cli, const struct secret *chosen)
{
    enum status status =
        keystore_change_passphrase(host_keystore(cli->host), secret_view(chosen), NULL);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_NEW_PASSPHRASE, status);
}

struct passphrase_values {
    int new_fd;
};

static int ask(struct cli *cli, const struct passphrase_values *values, struct secret **out_present,
               struct secret **out_chosen)
{
    enum status status = secrets_get(cli->passphrase_fd, "Passphrase", out_present);
    return status == STATUS_OK ? cli_new_passphrase(cli, SAY_NEW_PASSPHRASE, values->new_fd,
                                                    "New passphrase", out_chosen)
                               : cli_fail_at(cli, SAY_PASSPHRASE, cli->profile, status);
}

/* An unlocked agent is no proof that it is the owner who sits here: the present passphrase is
 * asked for in any case, in this process. The agent, which holds the keystore, locks when both are
 * typed: whoever thinks better of it at a question leaves it unlocked. */
static int run_passphrase(struct cli *cli, const void *given)
{
    enum status status = host_probe(cli->profile);
    struct secret *present = NULL;
    struct secret *chosen = NULL;
    int code = status == STATUS_OK ? ask(cli, given, &present, &chosen)
                                   : cli_fail_at(cli, SAY_PROFILE_OPEN, cli->profile, status);
    bool was = false;
    if (code == CLI_OK) {
        code = forward_lock(cli, &was);
    }
    if (code == CLI_OK) {
        code = cli_open_with(cli, present);
    }
    if (code == CLI_OK) {
        code = change(cli, chosen);
    }
    secret_free(present);
    secret_free(chosen);
    return code == CLI_OK
               ? print_answer(
                     cli,
                     (const struct print_field[]){{"changed", PRINT_BOOL, .number = true},
                                                  {"agent_locked", PRINT_BOOL, .number = was}},
                     2, "The passphrase is changed.%s",
                     was ? " The agent has locked; `alcove unlock` starts it again." : "")
               : code;
}

static const struct option OPTIONS[] = {
    {"--new-passphrase-fd", OPTION_FD, offsetof(struct passphrase_values, new_fd), "N",
     "read the new one from this descriptor", NULL},
};
static const struct option_table PASSPHRASE = {OPTIONS, ARRAY_LEN(OPTIONS),
                                               sizeof(struct passphrase_values)};

static const struct command COMMANDS[] = {
    {"passphrase", "change this device's passphrase", COMMAND_NEEDS_NOTHING, COMMAND_HERE,
     &PASSPHRASE, NULL, NULL, NULL, run_passphrase},
};
const struct command_list cmd_passphrase = {COMMANDS, ARRAY_LEN(COMMANDS)};
