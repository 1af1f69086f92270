/*
 * How many lines of the access log each member, and each device, may still leave.
 *
 * A log is never shortened, so that whoever may ask could fill it, under their own name, with what is
 * allowed as well as with what is refused. So every line is paid for in time: a member who leaves
 * |lines_per_hour| at once must wait, and has them all back an hour later; a device has three
 * quarters of its member's, so that one that has gone mad does not stop the others. While they wait
 * they are answered BUSY, which leaves one line a minute (sent_away.h). Reading and the log end at
 * nine tenths: what is left is for SUBMIT and for following the statements, so that nobody who can end
 * somebody's access loses that by looking.
 *
 * In memory alone: a start of the server forgets it. A transaction that is done a second time is paid
 * for twice. Committer's thread.
 */
#pragma once

#include "proto/status.h"

struct allowances;
struct core_peer;

/* 0: as many lines as they like. The caller frees it. STATUS_NO_MEMORY. */
MUST_CHECK enum status allowances_new(uint32_t lines_per_hour, struct allowances **out_allowances);
/* From now on |lines_per_hour|. What is owed is time, and stays. */
void allowances_change(struct allowances *allowances, uint32_t lines_per_hour);
void allowances_free(struct allowances *allowances);

enum allowance_use {
    ALLOWANCE_LOOK,   /* reads content or the log, or is no request at all */
    ALLOWANCE_CHANGE, /* SUBMIT, and what must be read for it */
};
/* Whether |peer| may ask now. |now_ms| is the server's clock; while one that is set back has not come
 * as far again, what was owed then is made up for as ever. */
bool allowance_left(struct allowances *allowances, const struct core_peer *peer,
                    enum allowance_use use, uint64_t now_ms);
/* |peer| left |lines|. STATUS_NO_MEMORY: they are not counted. */
MUST_CHECK enum status allowance_take(struct allowances *allowances, const struct core_peer *peer,
                                      uint64_t lines, uint64_t now_ms);
