/*
 * The operator's commands of alcoved, one file each. Each gets the words that followed its name
 * and returns the exit code of the manual's table. They print for a person: what happened, what
 * was kept, what to do next.
 */
#pragma once

#include "server/core/clock_guard.h"
#include "server/paths.h"
#include "server/store/db.h"

/* One table for all programs; alcove(1) lists it. */
enum cmd_exit {
    CMD_OK = 0,
    CMD_FAILED = 1, /* nothing was changed */
    CMD_USAGE = 2,
    CMD_REFUSED = 3,
    CMD_UNREACHABLE = 4,
    CMD_ALARM = 5,  /* something that was verified does not hold */
    CMD_LOCKED = 6, /* passphrase wrong or missing */
    CMD_NOT_FOUND = 7,
    CMD_HELPED = 256, /* help was asked for and given: the caller returns CMD_OK */
};

int cmd_init(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_fsck(int argc, char **argv);
int cmd_clock(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);

/* The words after |command|: DATA and perhaps |flag|. */
int cmd_parse(const char *command, int argc, char **argv, const char *flag, struct paths *out_paths,
              bool *out_flag);
/* Opens the database of DATA as the server would, with the map of its configuration; else says on
 * standard error why not. Every page is looked at first if |out_damage| is given or the server found
 * damage when it last started, so that no damaged page ends the command. |out_damage| may be NULL. */
int cmd_open_db(const char *command, const struct paths *paths, struct db_damage *out_damage,
                struct db **out_db);

/* A line that a server leaves for `status` from one of its starts to the next: DATA/damage,
 * DATA/read-only. Printable ASCII without quotes. */
#define CMD_LINE_CHARS_MAX 256u
/* NULL: there is nothing to say. */
void cmd_line_keep(const char *path, const char *text);
/* False: nothing was said. */
bool cmd_line_kept(const char *path, char out[static CMD_LINE_CHARS_MAX]);
/* What is damaged, as such a line. */
void cmd_damage_text(const struct db_damage *damage, char out[static CMD_LINE_CHARS_MAX]);
/* Why no client could connect to this address: invitations and the signed genesis bear it, and it
 * is not easily changed. NULL: a client can. */
const char *cmd_address_fault(const char *text);

/* What to do where no database is. */
const char *cmd_no_database(const struct paths *paths);

struct cmd_clock {
    struct clock_moment now;
    struct clock_moment memory; /* when the server last wrote it */
    uint64_t newest_ms;         /* of the last event */
};
/* Whether a server would believe the clock now. */
bool cmd_clock_look(struct txn *txn, const struct paths *paths, struct cmd_clock *out);

struct config; /* config.h */
/* For `serve`, when all that it needs is open and no thread runs yet: gives up the rest, and says in
 * the log what this kernel holds of that. CMD_REFUSED: not all, and the configuration wants all. */
int cmd_enter_sandbox(const struct config *config);
