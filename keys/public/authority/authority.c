#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- making */

enum status authority_new(const struct practice_id *practice, uint32_t flags,
                          struct authority **out_authority)
{
    struct authority *authority = calloc(1, sizeof *authority);
    *out_authority = authority;
    if (authority == NULL) {
        return STATUS_NO_MEMORY;
    }
    authority->flags = flags;
    authority->now.next_end_ms = UINT64_MAX;
    if (practice != NULL) {
        authority->now.practice = *practice;
        authority->now.pinned = true;
    }
    map_init(&authority->members_by_id, ID_BYTES);
    map_init(&authority->devices, HASH_BYTES);
    map_init(&authority->chains, HASH_BYTES);
    map_init(&authority->sections, ID_BYTES);
    map_init(&authority->charts, ID_BYTES);
    map_init(&authority->relations, HASH_BYTES);
    map_init(&authority->facts, HASH_BYTES);
    return STATUS_OK;
}

/* Frees a list threaded through a field |next| at |offset|. */
static void free_list(void *first, size_t offset)
{
    while (first != NULL) {
        void *next = NULL;
        memcpy(&next, (uint8_t *)first + offset, sizeof next);
        free(first);
        first = next;
    }
}

void authority_chart_free(void *node)
{
    struct chart_node *chart = node;
    if (chart != NULL) {
        free(chart->sections);
        free(chart);
    }
}

void authority_member_free(void *node)
{
    struct member_node *member = node;
    free_list(member->pub.devices, offsetof(struct authority_device, next));
    free_list(member->pub.suspensions, offsetof(struct authority_span, next));
    free_list(member->pub.relations, offsetof(struct authority_relation, next));
    free_list(member->pub.delegations, offsetof(struct authority_delegation, next));
    authority_chart_free(member->chart);
    free(member->sections);
    free(member->supervised);
    free(member);
}

void authority_section_free(void *node)
{
    struct section_node *section = node;
    for (size_t i = 0; i < section->pub.epoch_count; i++) {
        free(section->pub.epochs[i].recipients);
        free(section->pub.epochs[i].kept);
    }
    for (size_t i = 0; i < section->pub.reseal_count; i++) {
        free(section->pub.reseals[i].recipients);
        free(section->pub.reseals[i].epochs);
        free(section->pub.reseals[i].kept);
    }
    free(section->pub.grants);
    free(section->pub.epochs);
    free(section->pub.reseals);
    free(section->pub.entries);
    free(section);
}

static void list_free(struct node_list *list, void (*destroy)(void *node))
{
    for (size_t i = 0; i < list->count; i++) {
        destroy(list->items[i]);
    }
    free(list->items);
}

void authority_free(struct authority *authority)
{
    if (authority == NULL) {
        return;
    }
    list_free(&authority->section_list, authority_section_free);
    list_free(&authority->members, authority_member_free);
    list_free(&authority->chain_list, free);
    list_free(&authority->fact_list, free);
    free_list(authority->now.witness_policy, offsetof(struct policy_node, older));
    map_free(&authority->members_by_id);
    map_free(&authority->devices);
    map_free(&authority->chains);
    map_free(&authority->sections);
    map_free(&authority->charts);
    map_free(&authority->relations);
    map_free(&authority->facts);
    free(authority->touched);
    free(authority->undos);
    free(authority);
}

/* ---------------------------------------------------------------- admitting */

enum status authority_judge(struct authority *authority, const struct statement *statement,
                            uint64_t seq, uint64_t time_ms, enum authority_check check,
                            struct authority_result *out_result,
                            struct authority_judgement *out_judgement)
{
    *out_judgement = (struct authority_judgement){
        .authority = authority,
        .generation = authority->now.generation,
        .statement = statement,
        .seq = seq,
        .time_ms = time_ms,
        .when = {seq, time_ms},
        .result = out_result,
    };
    return authority_judge_all(out_judgement, check);
}

static enum status apply_by_subject(struct authority_judgement *judgement)
{
    switch (judgement->statement->rule->subject) {
    case STATEMENT_OF_PRACTICE:
        return authority_apply_practice(judgement);
    case STATEMENT_OF_MEMBER:
        return authority_apply_member(judgement);
    case STATEMENT_OF_SECTION:
        return authority_apply_section(judgement);
    }
    return STATUS_MALFORMED;
}

static enum status start_chain(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    struct chain_node *chain = authority_make(authority, sizeof *chain, free);
    if (chain == NULL) {
        return STATUS_NO_MEMORY;
    }
    chain->pub.label = judgement->statement->link.label;
    chain->pub.subject = judgement->statement->rule->subject;
    chain->pub.first_seq = judgement->seq;
    judgement->chain = chain;
    return authority_put(authority, &authority->chains, chain->pub.label.bytes, chain,
                         &authority->chain_list);
}

static enum status keep_fact(const struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    struct member_fact *fact = authority_make(authority, sizeof *fact, free);
    if (fact == NULL) {
        return STATUS_NO_MEMORY;
    }
    *fact =
        (struct member_fact){judgement->statement->hash, judgement->subject->pub.id,
                             judgement->statement->rule->type, judgement->seq, judgement->time_ms};
    return authority_put(authority, &authority->facts, fact->statement.bytes, fact,
                         &authority->fact_list);
}

/* Counts the statement in its chain. */
static void count(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    struct authority_chain *chain = &judgement->chain->pub;
    AUTHORITY_UNDO(authority, chain->count);
    AUTHORITY_UNDO(authority, chain->last);
    AUTHORITY_UNDO(authority, chain->last_seq);
    chain->count++;
    chain->last = judgement->statement->hash;
    chain->last_seq = judgement->seq;
    authority->now.generation = ++authority->ticks;
    authority_clock_passed(authority, judgement->time_ms);
    judgement->result->touched = authority->touched;
    judgement->result->touched_count = authority->touched_count;
}

enum status authority_apply(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    CHECK(judgement->generation == authority->now.generation);
    authority_try_begin(authority);
    authority->touched_count = 0;
    enum status status = authority_undo_reserve(authority, AUTHORITY_UNDOS_MIN);
    if (status == STATUS_OK && judgement->chain == NULL) {
        status = start_chain(judgement);
    }
    if (status == STATUS_OK) {
        status = apply_by_subject(judgement);
    }
    if (status == STATUS_OK && judgement->statement->rule->subject == STATEMENT_OF_MEMBER) {
        status = keep_fact(judgement);
    }
    if (status != STATUS_OK) {
        authority_try_drop(authority);
        return status;
    }
    count(judgement);
    authority_try_keep(authority);
    return STATUS_OK;
}

enum status authority_admit(struct authority *authority, struct span bytes, uint64_t seq,
                            uint64_t time_ms, enum authority_check check,
                            struct authority_result *out_result)
{
    *out_result = (struct authority_result){0};
    struct statement statement;
    enum status status = statement_parse(bytes, &authority->now.practice, &statement);
    struct authority_judgement judgement;
    if (status == STATUS_OK) {
        status =
            authority_judge(authority, &statement, seq, time_ms, check, out_result, &judgement);
    }
    if (status == STATUS_OK) {
        status = authority_apply(&judgement);
    }
    statement_free(&statement);
    return status;
}
