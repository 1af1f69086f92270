/*
 * A small practice for tests and measurements, made without the client's program:
 *
 *   seed DATA PROFILES      DATA: after `alcoved init DATA --listen HOST:PORT`
 *
 * Genesis, the server's keys, one admin (AD1), one auditor (A1), two therapists
 * (T1, T2) and T1's client C1, all enrolled; their profiles in PROFILES/NAME, each
 * with the passphrase "seed" and the cheapest key derivation that is accepted; T1
 * treats C1. No section exists yet. The root's key is thrown away.
 */
#include "tests/bench/member.h"

#include "keys/public/bytes/random.h"
#include "server/core/core.h"

#include <sys/stat.h>
#include <time.h>

enum {
    STATEMENTS_MAX = 32,
};

static void read_file(const char *path, uint8_t *out, size_t room, size_t *out_size)
{
    FILE *file = fopen(path, "re");
    peer_must(file != NULL, "DATA/server.pub cannot be read");
    *out_size = fread(out, 1, room, file);
    (void)fclose(file);
}

/* The server's own public keys, as they stand in server.pub. */
static void read_server(const char *data, struct practice *practice)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/server.pub", data);
    uint8_t bytes[4096];
    size_t size = 0;
    read_file(path, bytes, sizeof bytes, &size);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    peer_must(message_decode(&alcove__server_public__descriptor, span_of(bytes, size), &arena,
                             &message) == STATUS_OK,
              "server.pub is malformed");
    const Alcove__ServerPublic *keys = (const Alcove__ServerPublic *)(const void *)message;
    peer_must(field_key(keys->login_key, &practice->pins.login_key) &&
                  field_key(keys->log_key, &practice->pins.log_key) &&
                  field_hash(keys->tls_pin, &practice->pins.tls_key) &&
                  keys->address.len < sizeof practice->address,
              "server.pub is incomplete");
    memcpy(practice->address, keys->address.data, keys->address.len);
    arena_free(&arena);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000U + (uint64_t)now.tv_nsec / 1000000U;
}

static void install(const char *data, const struct practice *practice)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/db", data);
    peer_must(practice->count <= STATEMENTS_MAX, "too many statements");
    struct span statements[STATEMENTS_MAX];
    for (size_t i = 0; i < practice->count; i++) {
        statements[i] = span_of(practice->statements[i].data, practice->statements[i].size);
    }
    struct db *db = NULL;
    const struct db_options options = {.create = true};
    peer_must(db_open(path, &options, &db) == STATUS_OK, "the database cannot be made");
    const enum status status = core_install(db, statements, practice->count, NULL, 0, now_ms());
    db_close(db);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "seed: the server refuses the practice: %s\n", status_name(status));
        exit(1);
    }
}

static void save_profile(const char *folder, struct member *member)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", folder, member->name);
    struct keystore *keystore = NULL;
    const enum status status = keystore_create(path, &pass_file_params_floor, span_of("seed", 4),
                                               &member->content, &keystore);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "seed: %s: %s\n", path, status_name(status));
        exit(1);
    }
    keystore_close(keystore);
}

int main(int argc, char **argv)
{
    static struct practice practice;
    static struct member members[] = {
        {.name = "AD1", .role = ROLE_ADMIN},    {.name = "A1", .role = ROLE_AUDITOR},
        {.name = "T1", .role = ROLE_THERAPIST}, {.name = "T2", .role = ROLE_THERAPIST},
        {.name = "C1", .role = ROLE_CLIENT},
    };
    if (argc != 3) {
        (void)fputs("usage: seed DATA PROFILES\n", stderr);
        return 2;
    }
    struct member *admin = &members[0];
    struct member *therapist = &members[2];
    struct member *client = &members[4];
    peer_must(random_init() == STATUS_OK, "no randomness");
    read_server(argv[1], &practice);
    member_found_practice(&practice, now_ms());
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const struct member *inviter = i < 2 ? NULL : i < 4 ? admin : therapist;
        struct hash delegation = {{0}};
        if (&members[i] == client) {
            member_delegate(&practice, admin, therapist, &delegation);
        }
        member_join(&practice, inviter, &members[i], &members[i] == client ? &delegation : NULL,
                    now_ms());
    }
    member_relate(&practice, admin, client, therapist);
    install(argv[1], &practice);
    (void)mkdir(argv[2], 0700);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        save_profile(argv[2], &members[i]);
    }
    member_practice_free(&practice);
    return 0;
}
