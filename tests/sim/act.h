/*
 * What people do, careless on purpose: they write where they no longer may, share twice, revoke and
 * share again, suspend somebody in the middle of a note, and edit one note on two devices. Shared by
 * act.c, which chooses, and act_people.c, act_charts.c, act_notes.c and act_log.c.
 */
#pragma once

#include "tests/sim/world.h"

#define SEEN_MAX 64u

/* Somebody does it, by device |by|. What the program refuses at once is counted and otherwise no
 * matter. */
typedef enum status act_deed(struct world *world, struct dice *dice, struct world_device *by);

act_deed people_invite, people_withdraw, people_delegate, people_relate, people_unrelate,
    people_suspend, people_directory, people_call;
act_deed charts_make, charts_begin, charts_grant, charts_revoke, charts_rotate,
    charts_second_device, charts_revoke_device;
act_deed notes_write, notes_edit, notes_edit_twice, notes_open, notes_export;
act_deed log_look, log_verify;
/* Asks for a proof of all that this device may prove, |whole|: from the beginning. STATUS_NOT_FOUND:
 * that is nothing. */
MUST_CHECK enum status log_prove(struct world_device *by, bool whole, uint64_t *out_ticket);

/* One of the sections in which the device holds |rights|; false: there is none. */
bool act_pick_section(struct world_device *device, struct dice *dice, uint32_t rights,
                      struct view_section *out_section);
/* A device of somebody with this role; NULL: there is none. */
struct world_device *act_device_of(struct world *world, struct dice *dice, uint32_t role);
unsigned act_number_of(const struct world *world, const struct world_device *device);
/* NULL: too much is waited for. */
struct world_pending *act_wait_for(struct world *world, enum world_pending_kind kind,
                                   const struct world_device *device, uint64_t ticket);
/* Whether one more device could be there once all that is waited for came true. */
bool act_has_room(const struct world *world);
