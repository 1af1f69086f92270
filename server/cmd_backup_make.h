/*
 * The part of `alcoved backup` that makes one.
 */
#pragma once

#include "server/backup/check.h"

struct make_options {
    const char *data;
    const char *target; /* the backup's own folder */
    const char *age;    /* a recipient; NULL: not sealed */
    bool json;
    uint64_t now_ms;
};

/* Makes it, notes it in DATA and says so; gives the exit code. */
int cmd_backup_make(const struct make_options *options, struct check_report *out_report);
