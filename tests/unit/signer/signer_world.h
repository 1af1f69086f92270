/*
 * For the trials of the log signer: histories that part from each other, an attacker who offers
 * them, and a checker that holds every signature that ever left.
 *
 * A world has one practice and, for each of its two logs, up to WORLD_TREES histories. A history
 * is made as a branch of another one and then never changes; the attacker has all of them. One
 * thread.
 */
#pragma once

#include "server/signer/signer_protocol.h"
#include "tests/support/tree.h"

#define WORLD_TREES  8u
#define WORLD_LEAVES 64u

/* What a signature that left says of one log, by size. */
struct world_signed {
    bool have;
    struct hash root;
    size_t note_size;
    char note[CHECKPOINT_NOTE_BYTES_MAX];
};

struct world_log {
    size_t tree_count;
    struct tree *trees[WORLD_TREES];
    uint64_t leaves[WORLD_TREES][WORLD_LEAVES];
    uint64_t told; /* the size that the signer told last */
    uint64_t newest;
    size_t current; /* the history of the newest signature */
    struct world_signed signed_at[WORLD_LEAVES + 1u];
};

struct world {
    uint64_t *seed;
    struct practice_id practice;
    struct note_key keys[SIGNER_LOGS];
    struct world_log logs[SIGNER_LOGS];
    bool asked;
    struct signer_request last;
    size_t offered[SIGNER_LOGS]; /* the history that the last request was for */
    uint64_t signatures;         /* answers that left and were signed */
    uint64_t refused;
    uint64_t violations; /* signatures that cannot stand beside those before */
    const char *violation;
};

/* One history of each log. |seed| is borrowed. */
void world_init(struct world *world, uint64_t *seed, const struct practice_id *practice,
                const struct public_key *signer);
void world_deinit(struct world *world);
/* Branches off near the newest signature. False: there is no room for one more history. */
bool world_branch(struct world *world);
bool world_is_full(const struct world *world);
/* A number below |limit|. */
uint64_t world_random(struct world *world, uint64_t limit);
/* The attacker's next request, or an honest one; |once_more|, or now and then, the last one. */
void world_request(struct world *world, bool once_more, struct signer_request *out_request);
/* Both logs as the signer told them, longer by one leaf if it was told a size below the most. */
void world_honest_request(struct world *world, const struct hash roots[static SIGNER_LOGS],
                          struct signer_request *out_request);
/* An answer to |request| left the signer: its signatures are held against all before. */
void world_take(struct world *world, const struct signer_request *request,
                const struct signer_reply *reply);
