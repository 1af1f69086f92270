/*
 * Sections and revisions made by the thousand for load: rightly numbered, linked,
 * signed and sealed to the device that writes them, so that server and client do
 * all their work on them. (The recovery key's seal is to a key that nobody has.)
 * Failures end the process. One thread.
 */
#pragma once

#include "keys/private/envelope.h"
#include "keys/private/epoch_key.h"
#include "keys/private/keystore.h"
#include "keys/public/statement.h"
#include "proto/message.h"

/* What all of them are about: an existing chart that this member may write in. */
struct author {
    const struct keystore_content *content;
    struct statement_section model; /* class, chart, client and identity are taken from it */
};

struct author_section {
    struct section_id section;
    struct chain_label label;
    uint64_t epoch;
    struct hash epoch_statement;
    struct secret *epoch_key; /* owned; lives as long as the process */
    uint64_t number;          /* last known, with its head */
    struct hash head;
    uint64_t device_number;
    struct hash device_link;
};

/* Bytes for free(). */
struct author_bytes {
    uint8_t *data;
    size_t size;
};

/* A SubmitAsk that makes a section with its first epoch. */
struct author_bytes author_new_section(const struct author *author,
                                       struct author_section *out_section);

/* A SubmitAsk with |count| new notes of 1 KiB of text; counts them as sent. */
struct author_bytes author_new_notes(const struct author *author, struct author_section *section,
                                     size_t count);
static inline struct author_bytes author_new_note(const struct author *author,
                                                  struct author_section *section)
{
    return author_new_notes(author, section, 1);
}

/* Takes over the section's number and head from what the server answered. */
void author_stored(struct author_section *section, const Alcove__SubmitReply *reply);
