/*
 * People and charts for end-to-end tests, by the calls that a person's program makes. Each
 * waits until what it asked for is done and everybody concerned has heard of it.
 */
#pragma once

#include "tests/support/live.h"

/* |out| is enrolled and has synced. An auditor or admin is invited with the root's key. */
void cast_invite(struct live_person *by, uint32_t role, const char *name, struct live_person *out);
void cast_delegate(struct live_person *admin, struct live_person *therapist);
/* |kind|: RELATION_*. |subject|: client, or supervised therapist. Gives the statement's hash. */
struct hash cast_relate(struct live_person *admin, struct live_person *subject,
                        struct live_person *staff, uint32_t kind);
void cast_unrelate(struct live_person *admin, const struct hash *relation);

/* A section with its first epoch. |chart| zero: a new one, given out. Class directory: |client|
 * NULL. */
struct section_id cast_section(struct live_person *maker, uint32_t class, struct chart_id *chart,
                               struct live_person *client);
/* The grantee syncs afterwards. */
void cast_grant(struct live_person *owner, const struct section_id *section,
                struct live_person *member, uint32_t rights, uint64_t until_ms);
/* A note's first or next revision with |text|; waits until it is stored. */
struct note_id cast_write(struct live_person *author, const struct section_id *section,
                          const struct note_id *note, struct span text);
/* The same without waiting. */
struct note_id cast_write_later(struct live_person *author, const struct section_id *section,
                                const struct note_id *note, struct span text, uint64_t *out_ticket);
/* A further device of |person|, made on the first one: |out| has synced and holds the keys of
 * all that the member may open. */
void cast_device(struct live_person *person, struct live_person *out);

/* The texts that |person| can read of a section, in order, in brackets; static until the next
 * call. */
const char *cast_texts(struct live_person *person, const struct section_id *section);
