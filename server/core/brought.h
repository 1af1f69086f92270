/*
 * Revisions and statements that a member submits, checked for everything that can be told
 * without the database. Of a revision: its shape, its hashes, and that it names the submitting
 * peer as its author. Of a statement: its shape, and the signature if the submitting device made
 * it. Pure; any thread. The network threads do this, so that the committer need neither hash
 * envelopes nor parse statements, and verifies hardly any signature.
 */
#pragma once

#include "keys/public/revision.h"
#include "keys/public/statement.h"
#include "server/core/core.h"

struct brought_revision {
    enum status status; /* STATUS_MALFORMED for every fault; the rest holds only at STATUS_OK */
    struct revision_context context;
    struct revision_header header;
    struct hash link; /* the signature is not verified here */
};

struct brought_statement {
    enum status status; /* of parsing it; the rest holds only at STATUS_OK */
    /* By the very device that brings it, alone, and the signature holds. Others' keys, the
     * root's or an identity's, are known to the committer alone; such statements are rare. */
    bool verified;
    struct statement statement; /* borrows the submit's bytes */
};

/* All of a submit, in its order. */
struct brought {
    struct brought_statement *statements;
    struct brought_revision *revisions;
    size_t statement_count;
    size_t bytes; /* of memory that all this holds */
};

/* Freed by brought_free. NULL: no memory. */
struct brought *brought_read(const struct practice_id *practice, const struct core_peer *peer,
                             const Alcove__SubmitAsk *submit);
void brought_free(struct brought *brought); /* NULL is fine */
