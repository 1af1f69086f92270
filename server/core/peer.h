/*
 * Who asks, as login found them out. Plain data; whoever judges, counts or writes events takes it.
 */
#pragma once

#include "proto/ids.h"

/* Who asks. Set by the committer at login and never changed afterwards. */
struct core_peer {
    struct member_id member;
    uint32_t role;
    struct hash device_statement; /* hash of the statement that made the device */
    struct device_id device;
    struct public_key content_key;
    uint32_t member_local;
    uint32_t device_local;
};
