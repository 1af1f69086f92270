/*
 * What `alcoved backup` and `alcoved restore` tell, in words or as one JSON object, and their exit codes.
 */
#pragma once

#include "server/backup/check.h"
#include "server/cmd.h"

/* Why |what| failed; gives the exit code. */
int cmd_backup_fail(bool json, const char *what, enum status status, const struct trouble *trouble);
/* What is proved of the backup |folder|; |made|: just now, by this command. */
void cmd_backup_say(bool json, const char *folder, const struct check_report *report, bool made);
