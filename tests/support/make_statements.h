/*
 * A small practice for tests: keys, people, and every kind of statement, really signed.
 *
 * A world holds an authority and the timelines of its sections. make_<type> builds and
 * signs one statement at the end of its chain; make_take admits it as the next of the
 * log and steps the timelines, failing the running cmocka test unless it is accepted;
 * make_try hands back the status instead. To build what must be refused, set
 * world.tamper (changes the body before it is signed) or world.sign_with; both serve
 * one statement. Seals are random bytes. One thread.
 */
#pragma once

#include "keys/public/authority/timeline.h"

#define MAKE_PEOPLE_MAX   64u
#define MAKE_DEVICES_MAX  20u
#define MAKE_SECTIONS_MAX 64u
/* Where the world's clock starts; it moves a second with each statement. */
#define MAKE_TIME_MS      1800000000000ull

struct make_key {
    struct public_key public;
    uint8_t secret[64];
};
struct make_device {
    struct device_id id;
    struct make_key content;
    struct make_key login;
    struct public_key sealing;
    uint8_t sealing_secret[32];
    struct hash statement; /* once taken */
};
struct make_person {
    struct member_id id;
    uint32_t role;
    struct chain_label label;
    struct make_key invitation;
    struct make_key identity;
    struct make_key recovery_signing;
    struct public_key recovery_sealing;
    uint8_t recovery_sealing_secret[32];
    struct make_device device[MAKE_DEVICES_MAX];
    size_t device_count; /* prepared; taken ones have a statement */
};
struct make_section {
    struct section_id id;
    struct chain_label label;
    uint32_t class;
    struct chart_id chart;
    struct make_person *client; /* NULL: directory */
    struct timeline timeline;
};
/* A statement as bytes; owned by the world, valid until make_free. */
struct made {
    struct span bytes;
    struct hash hash;
};
struct make_logged {
    struct span bytes;
    uint64_t seq;
    uint64_t time_ms;
};
struct make_world {
    struct practice_id practice;
    struct make_key root;
    struct chain_label label; /* of the practice chain */
    struct authority *authority;
    uint64_t seq; /* of the next statement */
    uint64_t time_ms;
    struct make_person people[MAKE_PEOPLE_MAX];
    size_t people_count;
    struct make_section sections[MAKE_SECTIONS_MAX];
    size_t section_count;
    struct authority_result result; /* of the last take or try */
    struct made *made;
    size_t made_count;
    size_t made_capacity;
    struct make_logged *log; /* all that was taken, in order */
    size_t log_count;
    size_t log_capacity;
    /* For one statement. */
    void (*tamper)(void *context, ProtobufCMessage *body);
    void *tamper_context;
    const struct make_key *sign_with[STATEMENT_SIGNATURES_MAX];
};

struct make_key make_key_new(void);

/* Genesis, server keys and witness policy are taken. */
void make_init(struct make_world *world);
void make_free(struct make_world *world);

/* The genesis alone, as bytes, for a world's practice. */
struct made make_genesis(struct make_world *world);
struct made make_server_keys(struct make_world *world, const struct statement_server_keys *keys);
struct made make_witness_policy(struct make_world *world, const char *policy);

/* A person of that role with keys, known to nobody yet. Stable pointer. */
struct make_person *make_stranger(struct make_world *world, uint32_t role);
/* |inviter| NULL: the root. |delegation| NULL: none. */
struct made make_invitation(struct make_world *world, const struct make_person *person,
                            const struct make_person *inviter, const struct hash *delegation);
struct made make_enrolment(struct make_world *world, struct make_person *person);
/* Invited (by the root, |inviter|, or |inviter| under its newest delegation) and enrolled. */
struct make_person *make_member(struct make_world *world, uint32_t role,
                                const struct make_person *inviter);
/* The person's next device; take it and its statement hash is kept. */
struct made make_device_statement(struct make_world *world, struct make_person *person);
struct made make_device_revocation(struct make_world *world, const struct make_person *person,
                                   const struct hash *device, const struct make_person *signer,
                                   size_t signer_device);
struct made make_delegation(struct make_world *world, const struct make_person *therapist,
                            const struct make_person *admin, uint64_t until_ms);
struct made make_relation(struct make_world *world, const struct make_person *subject,
                          const struct make_person *staff, uint32_t kind, uint64_t until_ms,
                          const struct make_person *admin);
struct made make_relation_end(struct make_world *world, const struct make_person *subject,
                              const struct hash *relation, const struct make_person *admin);
/* |signer| NULL: the root. */
struct made make_suspension(struct make_world *world, const struct make_person *subject,
                            const struct make_person *signer, bool suspend);

/* A new section; taking it starts its timeline. |client| NULL: directory. */
struct made make_section_statement(struct make_world *world, uint32_t class,
                                   struct make_person *client, const struct make_person *maker,
                                   struct make_section **out_section);
struct made make_grant(struct make_world *world, const struct make_section *section,
                       const struct make_person *grantee, uint32_t rights, uint64_t until_ms,
                       uint64_t history_from, const struct make_person *signer);
struct made make_revocation(struct make_world *world, const struct make_section *section,
                            const struct hash *grant, const struct make_person *signer);
/* To exactly the recipients in force, from the position of the section's timeline. */
struct made make_epoch(struct make_world *world, const struct make_section *section,
                       const struct make_person *signer, size_t signer_device);
/* Epochs from..to for one recipient. */
struct made make_reseal(struct make_world *world, const struct make_section *section,
                        const struct authority_recipient *recipient, uint64_t from, uint64_t to,
                        const struct make_person *signer, size_t signer_device);
struct made make_bad_seal(struct make_world *world, const struct make_section *section,
                          const struct hash *statement, const struct make_person *signer,
                          size_t signer_device);

/* Admits with signatures checked; the clock and seq move on only when it is taken. */
enum status make_try(struct make_world *world, struct made made);
/* The same and must succeed. Gives the statement's hash. */
struct hash make_take(struct make_world *world, struct made made);
/* make_try must give |status| with |reason|, and change nothing. */
void make_refused(struct make_world *world, struct made made, enum status status,
                  enum authority_reason reason);

/* A section with its first epoch, made by |maker|. */
struct make_section *make_open_section(struct make_world *world, uint32_t class,
                                       struct make_person *client, const struct make_person *maker);
/* ENDED entries of all that is over by the world's clock. Returns how many. */
size_t make_end_by_clock(struct make_world *world);

/* One revision at the end of a section, with an envelope of zeros. */
struct make_revision {
    uint8_t context[CONTEXT_BYTES_MAX];
    size_t context_size;
    uint8_t header[HEADER_BYTES_MAX];
    size_t header_size;
    struct signature signature;
    struct hash link;
    struct revision_context parsed;
};
/* |tamper| of the world may change the Context. */
void make_revision(struct make_world *world, const struct make_section *section,
                   const struct make_person *author, size_t device, struct make_revision *out);
/* Steps the section's timeline with it. */
enum status make_write(struct make_world *world, struct make_section *section,
                       const struct make_revision *revision, enum timeline_reason *out_reason);
