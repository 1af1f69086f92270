/*
 * Why somebody reads or writes: which purposes a member may name, by role and relation.
 *
 * The server refuses a purpose that is not in the table, so that the access log never shows one that
 * cannot be; the client names the first that fits. Which of the fitting ones it is remains the
 * asker's word. The relations are those of policy.h, in force between the member and the section.
 * Pure; any thread.
 */
#pragma once

#include "proto/policy.h"

/* True iff a member of |role| with |relations| may name |purpose| in a section of |class|. For what
 * is about no section |class| is CLASS_NONE, and PURPOSE_NONE fits alone. */
bool purpose_fits(uint32_t role, uint32_t relations, uint32_t class, uint32_t purpose);
/* The first that fits; PURPOSE_NONE when none does. */
uint32_t purpose_of(uint32_t role, uint32_t relations, uint32_t class);
