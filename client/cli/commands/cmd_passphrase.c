#include "client/cli/command.h"
#include "client/cli/forward.h"
#include "client/cli/print_field.h"
#include "keys/private/keystore.h"
#include "keys/private/pass_file.h"

static int change(struct cli *cli, int new_fd)
{
    struct secret *passphrase = NULL;
    int code = cli_new_passphrase(cli, SAY_NEW_PASSPHRASE, new_fd, "New passphrase", &passphrase);
    if (code == CLI_OK) {
        enum status status =
            keystore_change_passphrase(host_keystore(cli->host), secret_view(passphrase), NULL);
        code = status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_NEW_PASSPHRASE, status);
    }
    secret_free(passphrase);
    return code;
}

struct passphrase_values {
    int new_fd;
};

/* An unlocked agent is no proof that it is the owner who sits here: the present passphrase is
 * asked for in any case, in this process. */
static int run_passphrase(struct cli *cli, const void *given)
{
    const struct passphrase_values *values = given;
    bool was = false;
    int code = forward_lock(cli, &was);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    if (code == CLI_OK) {
        code = change(cli, values->new_fd);
    }
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
