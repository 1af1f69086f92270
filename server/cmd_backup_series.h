/*
 * The part of `alcoved backup` that thins out a series.
 */
#pragma once

#include "proto/ids.h"
#include "server/backup/keep.h"

/* Takes those out of |folder| that are not to stay, and parts that a crash left: backups of |practice|
 * alone. What it cannot remove it names, and leaves. Gives the exit code; |json|: says nothing else. */
int cmd_backup_prune(const char *folder, const struct keep_counts *counts,
                     const struct practice_id *practice, bool json);
