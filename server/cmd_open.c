#include "server/cmd.h"

#include "server/config.h"
#include "server/log/log.h"

#include <sys/stat.h>

const char *cmd_no_database(const struct paths *paths)
{
    struct stat found;
    /* The server writes this file when it first serves, so that there was a practice here. */
    if (lstat(paths->clock, &found) == 0 && found.st_size > 0) {
        return "the database is gone or empty, and this folder has been served: its notes were in "
               "DATA/db/data.mdb. Do not make the practice anew here, the log signer and every "
               "client would refuse it; put back the newest copy of DATA/db";
    }
    return "the set-up is not finished: alcoved init DATA --genesis FILE comes first";
}

int cmd_parse(const char *command, int argc, char **argv, const char *flag, struct paths *out_paths,
              bool *out_flag)
{
    *out_flag = false;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)printf("Usage: alcoved %s DATA [%s]\n", command, flag);
        return CMD_HELPED;
    }
    const char *data = NULL;
    bool wrong = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], flag) == 0) {
            *out_flag = true;
        } else if (argv[i][0] == '-' || data != NULL) {
            wrong = true;
        } else {
            data = argv[i];
        }
    }
    if (wrong || data == NULL || paths_init(data, out_paths) != STATUS_OK) {
        (void)fprintf(stderr, "Usage: alcoved %s DATA [%s]\n", command, flag);
        return CMD_USAGE;
    }
    return CMD_OK;
}

int cmd_open_db(const char *command, const struct paths *paths, struct db_damage *out_damage,
                struct db **out_db)
{
    char kept[CMD_LINE_CHARS_MAX];
    bool check = out_damage != NULL || cmd_line_kept(paths->damage, kept);
    struct config config;
    char error[PATHS_BYTES_MAX + 256];
    if (config_read(paths->config, &config, error, sizeof error) != STATUS_OK) {
        (void)fprintf(stderr, "alcoved %s: %s; the server would not start\n", command, error);
    }
    struct db_options options = {.map_bytes = config.map_mib << 20,
                                 .create = false,
                                 .check = check,
                                 .out_damage = out_damage};
    enum status status = db_open(paths->db, &options, out_db);
    if (status == STATUS_NOT_FOUND) {
        (void)fprintf(stderr, "alcoved %s: there is no practice in %s: %s\n", command, paths->db,
                      cmd_no_database(paths));
        return CMD_NOT_FOUND;
    }
    if (status == STATUS_UNSUPPORTED) {
        return CMD_FAILED; /* the store has said which format it met, and what to do */
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "alcoved %s: %s cannot be opened: %s\n", command, paths->db,
                      status_reason(status));
        return status == STATUS_CORRUPT ? CMD_ALARM : CMD_FAILED;
    }
    return CMD_OK;
}
