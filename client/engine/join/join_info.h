/*
 * How far a newcomer has come, and what an invitation says: types of join.h. No functions.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define JOIN_NAME_BYTES_MAX 128u

enum join_phase {
    JOIN_GREETING = 1, /* waiting for the hello */
    JOIN_BUNDLE = 2,   /* waiting for the bundle */
    JOIN_VERIFIED = 3, /* the chain of trust holds: join_enrol() is next */
    JOIN_ENROLLING = 4,
    JOIN_DONE = 5,
    JOIN_FAILED = 6,
};

struct join_info {
    struct practice_id practice;
    struct member_id member;  /* the newcomer's id */
    struct member_id inviter; /* zero: the practice's root */
    uint32_t role;
    uint64_t expires_ms;
    char practice_name[JOIN_NAME_BYTES_MAX];
    char name[JOIN_NAME_BYTES_MAX]; /* as the inviter wrote it */
};
