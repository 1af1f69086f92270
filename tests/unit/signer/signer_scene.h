/*
 * For the signer's tests: a database that grows, and a signer's folder beside it.
 */
#pragma once

#include "keys/public/log/origin.h"
#include "server/signer/signer_file.h"
#include "store_fixture.h"

struct scene {
    struct fixture fixture;
    char folder[96]; /* the signer's */
    struct public_key public_key;
    uint64_t seed;
};

void scene_init(struct scene *s);
void scene_deinit(struct scene *s);
void scene_remove_in(const char *folder, const char *name);
/* Appends |count| made-up events. */
void scene_grow(struct scene *s, size_t count);
/* What the server would ask after its signer had |from| events. */
void scene_request_from(struct scene *s, uint64_t from, uint64_t to, struct signer_request *out);
/* The note must be signed by the scene's key, for |log|, at |want_size|. */
void scene_check_note(const struct scene *s, enum origin_log log, const char *note, size_t size,
                      uint64_t want_size);
