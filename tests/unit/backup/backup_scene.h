/*
 * For the backup's tests: a practice in a database, its log signer, and a backup of both, which a test
 * may spoil and sign once more as whoever holds the log key could. One thread.
 */
#pragma once

#include "keys/server/log_key.h"
#include "server/backup/check.h"
#include "server/run/signer_link.h"
#include "tests/support/make_statements.h"

struct scene {
    char base[64];
    char data[96];   /* alcoved.conf and the like */
    char folder[96]; /* the backup */
    struct make_world w;
    struct db *db;
    struct log_key *key;
    struct public_key log_key;
    struct signer_starter *starter;
    struct signer_link *signer;
    struct manifest manifest;
    struct trouble trouble; /* of the last check */
};

int scene_setup(void **state);
int scene_teardown(void **state);
#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

/* Made anew at scene->folder; any before it is removed. */
void scene_backup(struct scene *scene);
/* The whole of it, as --check does. */
enum status scene_check(struct scene *scene);
/* A path in the backup; valid until the next call. */
const char *scene_path(const struct scene *scene, const char *name);
/* The file's bytes, to be freed; and in its place others. */
uint8_t *scene_read(const struct scene *scene, const char *name, size_t *out_size);
void scene_write(const struct scene *scene, const char *name, const void *bytes, size_t size);
/* scene->manifest takes the sums of the files as they are now, and is signed by |key|. */
void scene_sign(struct scene *scene, const struct log_key *key);
/* The head of |log|, signed by the scene's key, in its file and in scene->manifest. */
void scene_head(struct scene *scene, enum origin_log log, uint64_t size, const struct hash *root);
