/*
 * A practice (tests/support/practice.h) inside a real core over a real database in a folder
 * of its own, and requests made of it as the committer would make them.
 *
 * Every request is judged in a transaction of its own, which is committed, and must leave
 * exactly |events| events (1 unless a test says otherwise; none when a sync is answered). The world's authority and
 * timelines are moved along by the test once the server took something. One thread.
 */
#pragma once

#include "server/core/core.h"
#include "server/core/produce.h"
#include "server/store/events.h"
#include "server/store/ledger.h"
#include "tests/support/practice.h"

#define SCENE_NOW        UINT64_MAX
#define SCENE_ANY_EVENTS UINT64_MAX

struct scene {
    char folder[64];
    struct practice *p;
    struct make_world *w; /* p's */
    struct db *db;
    struct core *core;
    struct make_key login_key;
    uint64_t now_ms; /* the server's clock; 0: the world's */
    uint64_t next_id;
    struct request_id id;          /* of the last request */
    bool repeat_id;                /* the next request takes the same id again */
    bool ended;                    /* as if the connection had been sent away */
    bool unverified;               /* the door did not verify revisions */
    const struct brought *brought; /* read for the next request */
    bool turned_away;              /* by a server that may not go on by itself */
    uint64_t events; /* what the next request must leave, or any number; back to 1 afterwards */
    struct core_answer answer; /* of the last request */
    enum status status;        /* of core_handle itself: OK, or the batch was aborted */
};

int scene_setup(void **state);
int scene_teardown(void **state);
#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

/* Closes core and database, unless the test did, and opens them again. */
void scene_restart(struct scene *scene);

void scene_peer(struct scene *scene, const struct make_person *person, size_t device,
                struct core_peer *out_peer);
/* The answer's status. |person| NULL: before login. */
enum status scene_ask(struct scene *scene, const struct make_person *person, size_t device,
                      uint32_t op, const ProtobufCMessage *message);
/* A login as the door hands it over; |device| of |person| signs, |signer| NULL: its own key. */
struct scene_login {
    const struct make_key *signer;
    struct member_id member;
    struct hash device;
    struct seen seen;
    uint8_t source;
    uint64_t hello_statements, hello_events; /* 0: as many as there are */
};
enum status scene_login(struct scene *scene, const struct scene_login *login);

/* The statements as one submit. */
enum status scene_submit(struct scene *scene, const struct make_person *person,
                         const struct made *made, size_t count);
/* Submits and, when the server took it, makes the world take it too. */
enum status scene_take(struct scene *scene, const struct make_person *person, struct made made);
/* A new section with its first epoch, by the server too. */
struct make_section *scene_section(struct scene *scene, uint32_t class, struct make_person *client,
                                   const struct make_person *maker);
/* Grants, then a new epoch. The grant's hash. */
struct hash scene_share(struct scene *scene, struct make_section *section,
                        const struct make_person *grantee, uint32_t rights, uint64_t until_ms,
                        const struct make_person *owner);

/* One revision; |change| may alter the Context before it is signed. */
typedef void scene_change(void *context, ProtobufCMessage *body);
void scene_revision(struct scene *scene, const struct make_section *section,
                    const struct make_person *author, size_t device, scene_change *change,
                    void *context, struct make_revision *out);
enum status scene_send(struct scene *scene, const struct make_person *author, size_t device,
                       const struct make_revision *revisions, size_t count);
/* Made, sent and, when stored, stepped over in the world. */
enum status scene_write(struct scene *scene, struct make_section *section,
                        const struct make_person *author, size_t device, scene_change *change,
                        void *context, struct make_revision *out);

/* The newest event but |back|. */
void scene_event(struct scene *scene, uint64_t back, uint32_t *out_action, uint32_t *out_outcome);
/* The newest event is one of |action| with |outcome|. */
void scene_expect_event(struct scene *scene, uint32_t action, uint32_t outcome);
uint64_t scene_size(struct scene *scene, enum ledger_log log);
void scene_root(struct scene *scene, enum ledger_log log, uint64_t size, struct hash *out_root);
/* The body of the last answer, decoded; freed with the arena. */
const ProtobufCMessage *scene_body(struct scene *scene,
                                   const ProtobufCMessageDescriptor *descriptor,
                                   struct arena *arena);
