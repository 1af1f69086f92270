/*
 * tests/data/policy.tsv: who may do what, written by hand from the design. Read strictly, so
 * that a mistyped word is an error and not a missing cell. One thread.
 */
#pragma once

#include "proto/policy.h"

#define POLICY_FILE_ERROR_CHARS_MAX 160u

enum policy_file_cell {
    POLICY_FILE_ABSENT = 0,
    POLICY_FILE_DENY = 1,
    POLICY_FILE_ALLOW = 2,
};

struct policy_file {
    size_t count; /* lines that are cells */
    size_t allowed;
    /* By role, number of the relation's bit, class, action. */
    uint8_t cells[POLICY_ROLE_COUNT + 1u][POLICY_RELATION_COUNT][POLICY_CLASS_COUNT]
                 [POLICY_ACTION_MAX + 1u];
};

/* False: |out_error| says which line and why. A line has six columns, known words, a reason,
 * and a cell that no earlier line has. */
bool policy_file_read(const char *path, struct policy_file *out_file,
                      char out_error[static POLICY_FILE_ERROR_CHARS_MAX]);

/* What the file says of a member with these relations (a mask; the role alone counts too).
 * Cells that are absent say no. */
bool policy_file_allows(const struct policy_file *file, uint32_t role, uint32_t relations,
                        uint32_t class, uint32_t action);

/*
 * Compares the file with policy_cell() over the whole domain. False at the first cell that
 * differs, named in |out_error|: the table allows what the file lacks or denies, or the other
 * way round.
 */
bool policy_file_agrees(const struct policy_file *file,
                        char out_error[static POLICY_FILE_ERROR_CHARS_MAX]);
