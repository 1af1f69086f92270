#include "server/store/db_lmdb.h"

enum status db_copy(struct db *db, int fd)
{
    return db_lmdb_status("copy", mdb_env_copyfd2(db->env, fd, MDB_CP_COMPACT));
}
