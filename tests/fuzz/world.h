/*
 * A practice of a few members and sections, for targets that feed statements.
 *
 * Makes statements that fit where the practice stands (next of their chain, signed by a
 * device that exists where one does), so that fuzzing reaches the rules behind the
 * shape. Signatures are filler: they are fed as already verified. Deterministic.
 */
#pragma once

#include "keys/public/authority/authority.h"

#define WORLD_MEMBERS  6u
#define WORLD_SECTIONS 4u

/* What one step of an input asks for; every value is allowed. */
struct world_ask {
    uint8_t type;    /* a statement type, modulo what there is */
    uint8_t signer;  /* member; by the root where the type lets it and bit 7 is set */
    uint8_t subject; /* member */
    uint8_t section;
    uint8_t value;  /* role, class, kind, rights… */
    uint8_t option; /* bits below */
};
#define WORLD_WRONG_NUMBER 1u  /* not the next of its chain */
#define WORLD_NEWER_DEVICE 2u  /* the signer's second device, where there is one */
#define WORLD_WRONG_LIST   4u  /* an epoch without its last recipient */
#define WORLD_WITH_END     8u  /* until_ms a little ahead */
#define WORLD_OTHER_CHAIN  16u /* in the chain of another subject */

/* The statement's bytes, which the caller frees; |now_ms| is what ends are counted from. */
struct span world_statement(const struct authority *authority, const struct world_ask *ask,
                            uint64_t now_ms);

struct member_id world_member(uint8_t index);
struct section_id world_section(uint8_t index);
