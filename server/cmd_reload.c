#include "server/service.h"

#include "keys/public/statement.h"
#include "server/cmd.h"
#include "server/log/log.h"
#include "server/store/chain_log.h"

/* The order in which cmd_serve.c names the files to the reader. */
enum { FILE_CONFIG, FILE_CERTIFICATE, FILE_KEY, FILES };
_Static_assert(FILES <= READER_FILES_MAX, "the reader gives back all of them");

/* ---------------------------------------------------------------- what clients hold the key to */

static enum status keys_of(struct txn *txn, uint64_t seq, struct statement_server_keys *out_keys)
{
    struct chain_statement stored;
    enum status status = chain_log_get(txn, seq, &stored);
    if (status != STATUS_OK || stored.type != STATEMENT_SERVER_KEYS) {
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    }
    struct statement statement;
    status = statement_parse(stored.bytes, db_practice_of(txn), &statement);
    if (status == STATUS_OK) {
        *out_keys = statement.u.server_keys;
        statement_free(&statement);
    }
    return status;
}

/* The newest SERVER_KEYS: the practice's chain from its end back, whose label the genesis bears. */
static enum status newest_keys(struct txn *txn, struct statement_server_keys *out_keys)
{
    struct chain_statement genesis;
    enum status status = chain_log_get(txn, 0, &genesis);
    struct chain_head head = {.count = 0};
    if (status == STATUS_OK) {
        status = chain_log_head(txn, &genesis.label, &head);
    }
    enum status found = STATUS_NOT_FOUND;
    for (uint64_t number = head.count;
         status == STATUS_OK && found == STATUS_NOT_FOUND && number > 0; number--) {
        uint64_t seq = 0;
        status = chain_log_find(txn, head.chain_local, number - 1, &seq);
        found = status == STATUS_OK ? keys_of(txn, seq, out_keys) : status;
    }
    return status == STATUS_OK ? found : status;
}

enum holding { HELD_NOW, HELD_NEXT, HELD_NOT, HELD_UNKNOWN };

static enum holding holding_of(struct db *db, const struct net_identity *identity)
{
    struct txn *txn = NULL;
    enum status status = db_begin_read(db, &txn);
    struct statement_server_keys keys;
    if (status == STATUS_OK) {
        status = newest_keys(txn, &keys);
        db_abort(txn);
    }
    if (status != STATUS_OK) {
        return HELD_UNKNOWN;
    }
    struct hash pin;
    net_identity_pin(identity, &pin);
    if (ID_EQUAL(&pin, &keys.tls_pin)) {
        return HELD_NOW;
    }
    return ID_EQUAL(&pin, &keys.tls_next) ? HELD_NEXT : HELD_NOT;
}

/* ---------------------------------------------------------------- what is in the files */

static const char *identity_fault(enum status status)
{
    switch ((int)status) {
    case STATUS_MALFORMED:
        return "tls.crt holds no certificate, or a broken one";
    case STATUS_UNSUPPORTED:
        return "tls.key holds no private key that can be read without a passphrase";
    case STATUS_CONFLICT:
        return "tls.crt is not the certificate of the key in tls.key";
    case STATUS_REFUSED:
        return "OpenSSL would not serve with tls.crt and tls.key";
    default:
        return "there is no memory";
    }
}

static const char *holding_fault(enum holding holding)
{
    switch (holding) {
    case HELD_NOT:
        return "the key in tls.key is not the one that the practice's root key signed, nor its "
               "announced successor: every client would refuse it";
    case HELD_UNKNOWN:
        return "the statement that names the server's keys cannot be read";
    case HELD_NOW:
    case HELD_NEXT:
        break;
    }
    return NULL;
}

/* What was wrong with the files, and that the server is as it was. */
static void refuse(const char *what)
{
    log_line(LOG_LEVEL_ERROR, "SIGHUP: %s. Nothing was changed; the server goes on as before",
             what);
}

static bool files_read(struct service *service, struct reader_file files[static READER_FILES_MAX])
{
    static const char *const names[FILES] = {"alcoved.conf", "tls.crt", "tls.key"};
    if (reader_read(service->reader, files) != STATUS_OK) {
        refuse("the process that reads files did not answer; only a restart takes changes now");
        return false;
    }
    for (size_t i = 0; i < FILES; i++) {
        char text[128];
        if (files[i].status != STATUS_OK) {
            (void)snprintf(text, sizeof text, "%s cannot be read: %s", names[i],
                           status_reason(files[i].status));
            refuse(text);
            return false;
        }
    }
    return true;
}

/* The identity of the files if clients take it; NULL: |*out_fault| says why not. */
static struct net_identity *identity_of(const struct service *service,
                                        const struct reader_file files[static READER_FILES_MAX],
                                        enum holding *out_holding, const char **out_fault)
{
    struct net_identity *identity = NULL;
    const enum status status =
        net_identity_new(span_of(files[FILE_CERTIFICATE].bytes, files[FILE_CERTIFICATE].size),
                         span_of(files[FILE_KEY].bytes, files[FILE_KEY].size), &identity);
    *out_fault = status == STATUS_OK ? NULL : identity_fault(status);
    if (status == STATUS_OK) {
        *out_holding = holding_of(service->db, identity);
        *out_fault = holding_fault(*out_holding);
    }
    if (*out_fault == NULL && service->identity != NULL &&
        !net_identity_alike(service->identity, identity)) {
        *out_fault = "the key in tls.key is of another kind, which needs a restart";
    }
    if (*out_fault != NULL) {
        net_identity_free(identity);
        return NULL;
    }
    return identity;
}

int service_check_identity(struct service *service)
{
    struct reader_file files[READER_FILES_MAX];
    const char *fault = "tls.crt or tls.key cannot be read";
    if (reader_read(service->reader, files) == STATUS_OK &&
        files[FILE_CERTIFICATE].status == STATUS_OK && files[FILE_KEY].status == STATUS_OK) {
        enum holding holding = HELD_NOT;
        service->identity = identity_of(service, files, &holding, &fault);
    }
    reader_files_clear(files);
    if (fault != NULL) {
        log_line(LOG_LEVEL_ERROR, "%s. Nothing was started; put the right files back", fault);
    }
    return fault == NULL ? CMD_OK : CMD_FAILED;
}

/* ---------------------------------------------------------------- SIGHUP */

void service_net_options(const struct config *config, const char **origins,
                         struct net_options *out_options)
{
    for (size_t i = 0; i < config->origin_count; i++) {
        origins[i] = config->origins[i];
    }
    net_options_default(out_options);
    out_options->host = config->host;
    out_options->port = config->port;
    out_options->origins = origins;
    out_options->origin_count = config->origin_count;
    out_options->threads = config->threads;
    out_options->connections_max = config->connections_max;
    out_options->connections_per_address_max = config->connections_per_address_max;
    out_options->owed_max = config->requests_owed_max;
    out_options->login_timeout_ms = config->login_timeout_ms;
    out_options->message_timeout_ms = config->message_timeout_ms;
    out_options->ping_after_ms = config->ping_after_ms;
}

static void say_taken(const struct config *was, const struct config *now, enum holding holding)
{
    char names[CONFIG_CHANGES_BYTES];
    const size_t taken = config_changes(was, now, true, names, sizeof names);
    log_line(LOG_LEVEL_NOTICE, "SIGHUP: read again; the certificate is of %s; changed: %s",
             holding == HELD_NOW ? "the same key" : "the key that was announced as its successor",
             taken == 0 ? "nothing" : names);
    if (config_changes(was, now, false, names, sizeof names) > 0) {
        log_line(LOG_LEVEL_WARNING,
                 "SIGHUP: not taken, since it needs a restart: %s. What was there before goes on",
                 names);
    }
}

/* Moves |identity| in. */
static void take(struct service *service, const struct config *now, struct net_identity *identity,
                 enum holding holding)
{
    struct config taken = service->config;
    config_take(&taken, now);
    const char *origins[CONFIG_ORIGINS_MAX];
    struct net_options options;
    service_net_options(&taken, origins, &options);
    if (net_change(service->net, &options, identity) != STATUS_OK) {
        net_identity_free(identity);
        refuse("there is no memory");
        return;
    }
    run_change(service->run, taken.map_mib << 20, taken.lines_per_hour);
    say_taken(&service->config, now, holding);
    service->config = taken;
}

void service_reload(struct service *service)
{
    struct reader_file files[READER_FILES_MAX];
    if (!files_read(service, files)) {
        reader_files_clear(files);
        return;
    }
    char error[PATHS_BYTES_MAX + 256];
    const char *fault = error;
    struct net_identity *identity = NULL;
    enum holding holding = HELD_NOT;
    struct config now;
    if (config_parse(service->paths.config, (char *)files[FILE_CONFIG].bytes,
                     files[FILE_CONFIG].size, &now, error, sizeof error) == STATUS_OK) {
        identity = identity_of(service, files, &holding, &fault);
    }
    reader_files_clear(files);
    if (identity == NULL) {
        refuse(fault);
    } else {
        take(service, &now, identity, holding);
    }
}
