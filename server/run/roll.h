/*
 * Inside server/run: the roll of guests who are logged in, and of each section those who
 * listen to it. Committer's thread.
 */
#pragma once

#include "server/run/guest.h"

struct roll;

MUST_CHECK enum status roll_new(struct roll **out_roll);
void roll_free(struct roll *roll);
/* Takes a reference. Once per guest. */
void roll_enter(struct roll *roll, struct guest *guest, const struct core_peer *peer);
/* Drops the reference if it was entered. */
void roll_leave(struct roll *roll, struct guest *guest);
/* Replaces the guest's subscriptions; |sections| is moved. Does nothing for a guest that has
 * left. */
MUST_CHECK enum status roll_subscribe(struct roll *roll, struct guest *guest, uint32_t *sections,
                                      size_t count);
void roll_unsubscribe(struct roll *roll, struct guest *guest, uint32_t section_local);
struct guest *roll_first(struct roll *roll);
/* Subscribers of a section; the array is valid until the next change. */
struct guest *const *roll_subscribers(const struct roll *roll, uint32_t section_local,
                                      size_t *out_count);
