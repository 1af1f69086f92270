/*
 * The power-cut shim's journal: one shared, memory-mapped file that every
 * process under the shim appends to. An entry is complete in the file as soon
 * as journal_append returns, with no system call, so it outlives SIGKILL and
 * works behind a seccomp filter. Entries of all threads and processes stand in
 * one order; `power_cut.mjs` reads them and rebuilds what a disk would hold
 * after a cut at any point. Any thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum journal_kind {
    JOURNAL_PROCESS = 1,    /* text: program's name */
    JOURNAL_OPEN = 2,       /* id, value: 1 = created by this call, 2 = a folder; text: path */
    JOURNAL_WRITE = 3,      /* id, value: offset; bytes written */
    JOURNAL_TRUNCATE = 4,   /* id, value: new size */
    JOURNAL_SYNC_BEGIN = 5, /* id, value: ordinal of this sync, from 1 */
    JOURNAL_SYNC_END = 6,   /* id, value: the same ordinal; the call returned with success */
    JOURNAL_RENAME = 7,     /* text: from NUL to */
    JOURNAL_UNLINK = 8,     /* text: path */
    JOURNAL_LINK = 9,       /* id; text: path */
    JOURNAL_REPLY = 10,     /* id: connection; bytes handed to SSL_write */
    JOURNAL_REQUEST = 11,   /* id: connection; bytes got from SSL_read */
    JOURNAL_OUTPUT = 12,    /* bytes written to standard output */
    JOURNAL_CUT = 13,       /* value: ordinal of the sync at which the power went */
    JOURNAL_MKDIR = 14,     /* text: path */
};

/* Maps the file named by ALCOVE_CUT_JOURNAL; false when the variable is unset. */
int journal_open(void);

/* Appends; after a cut it never returns. A full journal ends the process. */
void journal_append(enum journal_kind kind, uint64_t id, uint64_t value, const void *data,
                    size_t size);

/* Takes the next sync ordinal (1, 2, …), one sequence over all processes. */
uint64_t journal_next_sync(void);

/* Freezes the journal and kills every process that opened it, this one last. */
void journal_cut(uint64_t ordinal) __attribute__((noreturn));
