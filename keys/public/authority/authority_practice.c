#include "keys/public/authority/authority_internal.h"

/* A server key changes only to the one that was announced before (decision 21). */
static bool key_announced(const uint8_t *was, const uint8_t *was_next, const uint8_t *is)
{
    static const uint8_t none[HASH_BYTES];
    bool announced = memcmp(was_next, none, HASH_BYTES) != 0;
    return memcmp(is, was, HASH_BYTES) == 0 || (announced && memcmp(is, was_next, HASH_BYTES) == 0);
}

static enum status judge_genesis(struct authority_judgement *judgement)
{
    struct practice_id practice;
    statement_practice_id(judgement->statement->bytes, &practice);
    if (judgement->authority->now.pinned &&
        !ID_EQUAL(&practice, &judgement->authority->now.practice)) {
        return authority_refuse(judgement, AUTHORITY_BAD_IDENTITY);
    }
    return STATUS_OK;
}

static enum status judge_server_keys(struct authority_judgement *judgement)
{
    const struct statement_server_keys *is = &judgement->statement->u.server_keys;
    const struct statement_server_keys *was = &judgement->authority->now.server_keys;
    if (ID_EQUAL(&is->login_key, &is->log_key)) {
        return authority_refuse(judgement, AUTHORITY_BAD_KEYS);
    }
    if (judgement->authority->now.has_server_keys &&
        (!key_announced(was->login_key.bytes, was->login_next.bytes, is->login_key.bytes) ||
         !key_announced(was->log_key.bytes, was->log_next.bytes, is->log_key.bytes) ||
         !key_announced(was->tls_pin.bytes, was->tls_next.bytes, is->tls_pin.bytes))) {
        return authority_refuse(judgement, AUTHORITY_BAD_KEYS);
    }
    return STATUS_OK;
}

enum status authority_judge_practice(struct authority_judgement *judgement)
{
    judgement->result->subject = (struct member_id){{0}};
    switch (judgement->statement->rule->type) {
    case STATEMENT_GENESIS:
        return judge_genesis(judgement);
    case STATEMENT_SERVER_KEYS:
        return judge_server_keys(judgement);
    default:
        return STATUS_OK;
    }
}

static enum status apply_witness_policy(struct authority *authority, struct span policy)
{
    struct policy_node *node = authority_make(authority, sizeof *node + policy.size, free);
    if (node == NULL) {
        return STATUS_NO_MEMORY;
    }
    node->older = authority->now.witness_policy;
    node->size = policy.size;
    memcpy(node->text, policy.data, policy.size);
    authority->now.witness_policy = node;
    return STATUS_OK;
}

enum status authority_apply_practice(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    switch (statement->rule->type) {
    case STATEMENT_GENESIS:
        statement_practice_id(statement->bytes, &authority->now.practice);
        authority->now.pinned = true;
        authority->now.root_key = statement->u.genesis.root_key;
        authority->now.practice_chain = judgement->chain;
        return STATUS_OK;
    case STATEMENT_SERVER_KEYS:
        authority->now.server_keys = statement->u.server_keys;
        authority->now.has_server_keys = true;
        return STATUS_OK;
    default:
        return apply_witness_policy(authority, statement->u.witness_policy.policy);
    }
}

const struct practice_id *authority_practice(const struct authority *authority)
{
    return authority->now.pinned ? &authority->now.practice : NULL;
}

const struct statement_server_keys *authority_server_keys(const struct authority *authority)
{
    return authority->now.has_server_keys ? &authority->now.server_keys : NULL;
}

struct span authority_witness_policy(const struct authority *authority)
{
    const struct policy_node *policy = authority->now.witness_policy;
    return policy == NULL ? span_of(NULL, 0) : span_of(policy->text, policy->size);
}

uint64_t authority_generation(const struct authority *authority)
{
    return authority->now.generation;
}
