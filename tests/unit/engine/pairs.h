/*
 * Two devices of one member that meet at the server of a scene: what the tests of adding a device
 * start from. One thread.
 */
#pragma once

#include "client/engine/api/act_pair.h"
#include "client/engine/pair/pair_new.h"
#include "client/engine/pair/pair_old.h"
#include "tests/unit/engine/scene.h"

struct pairs {
    struct scene scene;
    struct pair_offer offer;
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct inproc_link old_link, new_link;
    struct pair_old *old_side;
    struct pair_new *new_side;
    enum status old_status, new_status; /* the first that was not STATUS_OK */
};

/* A scene, the therapist's offer, and both sides connected; nothing was said yet. */
void pairs_open(struct pairs *pairs);
void pairs_close(struct pairs *pairs);
/* The new side over |code|, which is verified first. */
MUST_CHECK enum status pairs_begin_new(struct pairs *pairs, const char *code, const char *name,
                                       struct inproc_link *link, struct pair_new **out_new);
/* Both sides ask and answer until nothing moves any more. */
void pairs_run(struct pairs *pairs);
/* One side alone. */
void pairs_run_new(struct pairs *pairs);
void pairs_run_old(struct pairs *pairs);
/* The number of the message that a side waits for. */
uint32_t pairs_number(const struct pairs *pairs, bool old);
/* From the digits on, as two people would who look: to what the account has of it. */
void pairs_compare(struct pairs *pairs);
void pairs_agree(struct pairs *pairs);
/* The handover for what was said so far. */
void pairs_hand(struct pairs *pairs);
/* Takes the new device's content into |out| and adds it, and syncs both. */
void pairs_add(struct pairs *pairs, struct inproc_person *out);
