#include "server/log/log.h"
#include "server/store/db_lmdb.h"
#include "server/store/db_pages.h"

#include <signal.h>
#include <unistd.h>

/* Nothing of LMDB's reads a page of a tree before this. A transaction is held meanwhile, so that no
 * page is written over. */
enum status db_guard_check(struct db *db, struct db_damage *out_damage)
{
    int fd = -1;
    int rc = mdb_env_get_fd(db->env, &fd);
    MDB_txn *mdb = NULL;
    if (rc == 0) {
        rc = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &mdb);
    }
    if (rc != 0) {
        return db_lmdb_status("check", rc);
    }
    struct db_damage *damage = malloc(sizeof *damage);
    enum status status = STATUS_NO_MEMORY;
    if (damage != NULL) {
        status = db_pages_check(fd, mdb_txn_id(mdb), damage);
    }
    mdb_txn_abort(mdb);
    if (status != STATUS_OK || damage->faults == 0) {
        free(damage);
        return status;
    }
    db->damage = damage;
    if (out_damage != NULL) {
        *out_damage = *damage;
    } else {
        log_line(LOG_LEVEL_ERROR, "store: the database is damaged: %s; %llu faults in all",
                 damage->first, (unsigned long long)damage->faults);
    }
    return damage->nothing ? STATUS_CORRUPT : STATUS_OK;
}

const struct db_damage *db_damage(const struct db *db)
{
    return db->damage;
}

static const char UNREADABLE[] =
    "alcoved: the database's file cannot be read at a place that is in use: the disk fails, or the "
    "file was cut. Nothing that was not durable was answered. Stopping; what is damaged is looked "
    "for at the next start, and `alcoved fsck` tells more\n";

/* Only what a handler of signals may call. */
static void on_bus(int number)
{
    (void)number;
    ssize_t written = write(STDERR_FILENO, UNREADABLE, sizeof UNREADABLE - 1);
    (void)written;
    _exit(DB_EXIT_FAILED);
}

void db_guard(void)
{
    struct sigaction action = {.sa_handler = on_bus};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, NULL);
}

void db_guard_assertion(MDB_env *env, const char *what)
{
    (void)env;
    log_line(LOG_LEVEL_ERROR,
             "store: a page of the database is damaged (%s). Stopping without answering what was "
             "not durable; what is damaged is looked for at the next start, and `alcoved fsck` "
             "tells more",
             what);
    _exit(DB_EXIT_FAILED);
}
