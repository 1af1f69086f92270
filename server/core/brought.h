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

struct brought {
    struct revision_context context;
    struct revision_header header;
    struct hash link;
};

/* STATUS_MALFORMED for every fault of the revision. STATUS_NO_MEMORY. The signature is not
 * verified here. */
MUST_CHECK enum status brought_read(const struct practice_id *practice,
                                    const struct core_peer *peer, const Alcove__Revision *wire,
                                    struct brought *out);

struct brought_statement {
    enum status status; /* of parsing it; the rest holds only at STATUS_OK */
    /* By the very device that brings it, alone, and the signature holds. Others' keys, the
     * root's or an identity's, are known to the committer alone; such statements are rare. */
    bool verified;
    struct statement statement; /* borrows the submit's bytes */
};

/* All of a submit's statements in their order, SUBMIT_STATEMENTS_MAX at most, freed by
 * brought_statements_free. NULL: no memory. Adds the memory that they hold to |*bytes|. */
struct brought_statement *brought_statements(const struct practice_id *practice,
                                             const struct core_peer *peer,
                                             const Alcove__SubmitAsk *submit, size_t *bytes);
void brought_statements_free(struct brought_statement *list, size_t count); /* NULL is fine */
