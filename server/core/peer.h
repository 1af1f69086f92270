/*
 * Who asks. Plain data: whoever judges, counts or writes events takes it, and knows no core.
 */
#pragma once

#include "proto/ids.h"

/* Set by the committer at login and never changed afterwards. */
struct core_peer {
    struct member_id member;
    uint32_t role;
    struct hash device_statement; /* hash of the statement that made the device */
    struct device_id device;
    struct public_key content_key;
    uint32_t member_local;
    uint32_t device_local;
};
