/*
 * A running committer with a signer and a store that fail when told to.
 *
 * The signer is kit.c's own, and the linker puts its wrappers around core_handle and
 * db_commit. While the signer is held, what is offered gathers and is the next batch. What
 * comes out is noted in kit_shared. The committer's thread and the test's.
 */
#pragma once

#include "proto/alcove.pb-c.h"
#include "server/run/guest.h"
#include "server/run/run.h"
#include "tests/unit/core/core_scene.h"

#define KIT_ANSWERS_MAX 64

/* All under the mutex. */
struct kit_shared {
    bool hold;         /* the signer waits */
    unsigned waiting;  /* it does */
    unsigned refusals; /* so often it does not answer */
    uint64_t signed_events;
    uint32_t poison;       /* op whose judging fails unexpectedly */
    enum status commit;    /* what the next commit says instead */
    struct core_peer peer; /* whom the next login admits */
    size_t count;
    struct {
        uint64_t connection;
        uint32_t op;
        enum status status;
        bool close;
        uint64_t event;
        uint64_t signed_events; /* as the answer was given */
    } answers[KIT_ANSWERS_MAX];
    size_t pushes;
    size_t cuts;
    size_t cut_after; /* answers given before the last cut */
};
extern struct kit_shared kit_shared;

struct kit {
    struct scene *scene;
    struct run *run;
    struct guest *guests[4];
    size_t count;
};

void kit_lock(void);
void kit_unlock(void);
/* Returns when so many were answered since kit_start. */
void kit_wait(size_t answers);
void kit_hold_signer(bool hold);
/* |pipe_end| NULL, or where a byte is written for each answer. */
void kit_start(struct kit *kit, struct scene *scene, int *pipe_end);
void kit_stop(struct kit *kit);
struct run_request *kit_request(struct guest *guest, uint32_t op, const ProtobufCMessage *message);
/* |message| must last until it is answered. */
void kit_offer(struct kit *kit, struct guest *guest, uint32_t op, const ProtobufCMessage *message);
/* A connection of the person's first device, as if its login had been right. */
struct guest *kit_log_in(struct kit *kit, const struct make_person *person);
/* The same, without waiting for the answer. */
struct guest *kit_send_login(struct kit *kit, const struct make_person *person);
/* The connection is gone. */
void kit_offer_closed(struct kit *kit, struct guest *guest);
/* Offers one request; from then on what is offered gathers, until the signer is let go. */
void kit_gather(struct kit *kit, struct guest *guest);

/* A request that anybody may make and that leaves an event. */
extern Alcove__EventsAsk kit_look_ask;
