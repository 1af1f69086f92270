/*
 * The policy's words read back into numbers, for tests/data/policy.tsv and for tests that name
 * cells: no program has a use for it. Pure; any thread.
 */
#pragma once

#include "proto/policy.h"

/* Relations by their single bit; "none" for 0; "?" for several bits. */
const char *policy_relation_name(uint32_t relation);

/* STATUS_NOT_FOUND. */
MUST_CHECK enum status policy_role_parse(struct span name, uint32_t *out_role);
MUST_CHECK enum status policy_relation_parse(struct span name, uint32_t *out_relation);
MUST_CHECK enum status policy_class_parse(struct span name, uint32_t *out_class);
MUST_CHECK enum status policy_action_parse(struct span name, uint32_t *out_action);
