/* Statements and their leaves: parsed strictly, with the hash of the bytes received. */
#include "tests/fuzz/fuzz.h"

#include "keys/public/log/leaf.h"
#include "keys/public/statement.h"

static void statement_check(const struct statement *statement, struct span bytes,
                            const struct practice_id *practice)
{
    bool genesis = statement->rule->type == STATEMENT_GENESIS;
    CHECK(statement->rule == statement_rule(statement->rule->type));
    CHECK(span_equal(statement->bytes, bytes));
    struct hash hash;
    statement_hash(bytes, genesis ? NULL : practice, &hash);
    CHECK(ID_EQUAL(&hash, &statement->hash));
    const struct hash opening = {{3}};
    uint8_t leaf[LEAF_BYTES];
    statement_leaf(statement, practice, &opening, 1, leaf);
    struct leaf_statement parts;
    CHECK(leaf_statement_decode(span_of(leaf, sizeof leaf), &parts) == STATUS_OK);
    CHECK(parts.type == statement->rule->type && parts.number == statement->link.number);
    CHECK(ID_EQUAL(&parts.label, &statement->link.label));
    const struct public_key key = {{5}};
    for (size_t i = 0; i < statement->rule->signatures; i++) {
        CHECK(statement_verify(statement, i, practice, &key) == STATUS_BAD_SIGNATURE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct statement statement;
    const struct practice_id practice = {{7}};
    if (statement_parse(bytes, &practice, &statement) == STATUS_OK) {
        statement_check(&statement, bytes, &practice);
    }
    statement_free(&statement);
    struct leaf_statement parts;
    if (leaf_statement_decode(bytes, &parts) == STATUS_OK) {
        CHECK(size == LEAF_BYTES);
    }
    return 0;
}
