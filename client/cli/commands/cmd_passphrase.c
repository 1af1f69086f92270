#include "client/cli/cli.h"

#include "client/cli/args.h"
#include "client/cli/forward.h"
#include "client/cli/numbers.h"
#include "client/cli/print.h"
#include "client/cli/secrets.h"
#include "keys/private/keystore.h"
#include "keys/private/pass_file.h"
#include "keys/private/passphrase.h"

static int take_new(struct cli *cli, int fd, struct secret **out_secret)
{
    enum passphrase_verdict verdict;
    enum status status = secrets_get_new(fd, "New passphrase", out_secret);

    if (status == STATUS_USAGE) {
        (void)fprintf(cli->err, "alcove: no new passphrase: there is no terminal to ask on; give "
                                "--new-passphrase-fd N\n");
        return CLI_LOCKED;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "the passphrase is as it was", status);
    }
    verdict = passphrase_judge(secret_view(*out_secret));
    if (verdict != PASSPHRASE_GOOD) {
        (void)fprintf(cli->err,
                      "alcove: this passphrase will not do.\n  %s\nThe passphrase is as it was.\n",
                      passphrase_advice(verdict));
        return CLI_LOCKED;
    }
    return CLI_OK;
}

static int change(struct cli *cli, int new_fd)
{
    struct secret *passphrase = NULL;
    enum status status;
    int code = take_new(cli, new_fd, &passphrase);

    if (code == CLI_OK) {
        status =
            keystore_change_passphrase(host_keystore(cli->host), secret_view(passphrase), NULL);
        code = status == STATUS_OK ? CLI_OK : cli_fail(cli, "the passphrase is as it was", status);
    }
    secret_free(passphrase);
    return code;
}

/* An unlocked agent is no proof that it is the owner who sits here: the present passphrase is
 * asked for in any case, in this process. */
int cmd_passphrase(struct cli *cli, int argc, char **argv)
{
    const char *new_text = NULL;
    const struct args_option options[] = {{.name = "--new-passphrase-fd", .value = &new_text}};
    const char *wrong = NULL;
    size_t count = 0;
    bool was = false;
    int new_fd = -1;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), NULL, 0, &count, &wrong) ||
        (new_text != NULL && !numbers_fd(new_text, &new_fd))) {
        return cli_usage(cli, "passphrase", wrong);
    }
    code = forward_lock(cli, &was);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    if (code == CLI_OK) {
        code = change(cli, new_fd);
    }
    if (code != CLI_OK) {
        return code;
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        (void)cJSON_AddBoolToObject(object, "changed", true);
        (void)cJSON_AddBoolToObject(object, "agent_locked", was);
        print_json(cli, object);
        return CLI_OK;
    }
    (void)fprintf(cli->out, "The passphrase is changed.%s\n",
                  was ? " The agent has locked; `alcove unlock` starts it again." : "");
    return CLI_OK;
}
