/*
 * All that an authority knows, as one hash: for tests that ask whether something changed.
 */
#pragma once

#include "keys/public/authority/authority.h"

/* Over everything that a question can see, and what is kept for questions to come: equal iff
 * nothing changed. Memories of answers, room to grow and the source of generations are left
 * out. */
void authority_digest(const struct authority *authority, struct hash *out_digest);
/* The same without what is no fact: generations, which name the states of one authority, and
 * the bytes of seals, which not every one keeps. Equal for two authorities that were told the
 * same, whatever each tried meanwhile. */
void authority_facts_digest(const struct authority *authority, struct hash *out_digest);
