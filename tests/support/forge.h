/*
 * Requests that are right in everything but, perhaps, the permission: numbers, links, heads,
 * recipients and signatures are those that the server would accept from one who may. Built
 * from a mirror of all the server holds, signed by the actor's own keys, sent past the
 * actor's engine, which would refuse to ask. Seals and envelopes are random bytes. One thread.
 */
#pragma once

#include "client/engine/common/statement_make.h"
#include "tests/support/mirror.h"

#define FORGE_STATEMENTS_MAX 4u

struct forge {
    struct mirror *mirror;
    struct live_person *actor;
    bool absent; /* sections and chains are named by ids that do not exist */
    /* What is being put together. */
    struct made made[FORGE_STATEMENTS_MAX];
    size_t count;
    struct chain_label label;
    uint64_t chain_count;
    struct hash last;
    struct section_id section;
    uint64_t number;
    struct hash head;
    struct hash link; /* of the revision sent last */
};

void forge_init(struct mirror *mirror, struct live_person *actor, struct forge *out_forge);

/* Each sends one request and gives its answer. */
struct live_reply *forge_create(struct forge *forge, uint32_t class, const struct chart_id *chart,
                                const struct member_id *client);
/* |note| NULL: a new one. |parent| NULL: none. The link of what was sent is in forge->link. */
struct live_reply *forge_write(struct forge *forge, const struct section_id *section, uint32_t kind,
                               const struct note_id *note, const struct hash *parent);
/* With the new epoch that a grant or revocation needs, if the mirror thinks that it holds. */
struct live_reply *forge_grant(struct forge *forge, const struct section_id *section,
                               const struct member_id *member, uint32_t rights);
struct live_reply *forge_revoke(struct forge *forge, const struct section_id *section,
                                const struct member_id *member);
struct live_reply *forge_rotate(struct forge *forge, const struct section_id *section);
/* The first epoch for |device| (the statement that made it). */
struct live_reply *forge_reseal(struct forge *forge, const struct section_id *section,
                                const struct hash *device);
struct live_reply *forge_opened(struct forge *forge, const struct section_id *section,
                                const struct note_id *note, const struct hash *link);
/* |authority|: the delegation it rests on, or NULL. |invited| NULL: a new member. */
struct live_reply *forge_invite(struct forge *forge, uint32_t role, const struct hash *authority,
                                const struct member_id *invited);
/* In the root's name and signed by it, brought by the actor. */
struct live_reply *forge_root_invite(struct forge *forge, uint32_t role,
                                     const struct member_id *invited);
struct live_reply *forge_device(struct forge *forge);
/* One statement of |subject|'s chain, by the actor's device; |link| is the body's own field. */
struct live_reply *forge_member(struct forge *forge, enum statement_type type,
                                const struct member_id *subject, ProtobufCMessage *body,
                                Alcove__Link **link);
/* A witness policy in the root's name, signed by the actor. */
struct live_reply *forge_configure(struct forge *forge);
