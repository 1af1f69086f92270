/*
 * DATA/backup: when the newest good backup was made, and where. Written when a backup has its name, so
 * that `alcoved status`, and whoever watches it, hears of backups that stopped.
 */
#pragma once

#include "server/paths.h"

/* Durable. |folder| may be relative. STATUS_IO. */
MUST_CHECK enum status backup_record_keep(const struct paths *paths, uint64_t time_ms,
                                          const char *folder);
/* The line of `alcoved status`, or the member "backup" of its JSON, without a comma. */
void backup_record_print(const struct paths *paths, uint64_t now_ms, bool json);
