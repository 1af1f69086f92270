/*
 * Sections and revisions made by the hundred for load: rightly numbered, linked
 * and signed, so that the server does all its work on them, but sealed with
 * random bytes, which the server cannot tell and nobody will read. Failures end
 * the process. One thread.
 */
#pragma once

#include "keys/private/envelope.h"
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
    uint64_t number; /* last known, with its head */
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

/* A SubmitAsk with one new note; counts it as sent. */
struct author_bytes author_new_note(const struct author *author, struct author_section *section);

/* Takes over the section's number and head from what the server answered. */
void author_stored(struct author_section *section, const Alcove__SubmitReply *reply);
