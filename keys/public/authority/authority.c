#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- making */

enum status authority_new(const struct practice_id *practice, uint32_t flags,
                          struct authority **out_authority)
{
    struct authority *authority = calloc(1, sizeof(*authority));
    *out_authority = authority;
    if (authority == NULL) {
        return STATUS_NO_MEMORY;
    }
    authority->flags = flags;
    authority->next_end_ms = UINT64_MAX;
    if (practice != NULL) {
        authority->practice = *practice;
        authority->pinned = true;
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
        memcpy(&next, (uint8_t *)first + offset, sizeof(next));
        free(first);
        first = next;
    }
}

static void member_free(struct member_node *member)
{
    free_list(member->pub.devices, offsetof(struct authority_device, next));
    free_list(member->pub.suspensions, offsetof(struct authority_span, next));
    free_list(member->pub.relations, offsetof(struct authority_relation, next));
    free_list(member->pub.delegations, offsetof(struct authority_delegation, next));
    if (member->chart != NULL) {
        free(member->chart->sections);
        free(member->chart);
    }
    free(member->sections);
    free(member->supervised);
    free(member);
}

void authority_section_free(struct section_node *section)
{
    if (section == NULL) {
        return;
    }
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

void authority_free(struct authority *authority)
{
    if (authority == NULL) {
        return;
    }
    for (size_t i = 0; i < authority->section_list.count; i++) {
        authority_section_free(authority->section_list.items[i]);
    }
    for (size_t i = 0; i < authority->members.count; i++) {
        member_free(authority->members.items[i]);
    }
    for (size_t i = 0; i < authority->chain_list.count; i++) {
        free(authority->chain_list.items[i]);
    }
    for (size_t i = 0; i < authority->fact_list.count; i++) {
        free(authority->fact_list.items[i]);
    }
    free(authority->section_list.items);
    free(authority->members.items);
    free(authority->chain_list.items);
    free(authority->fact_list.items);
    map_free(&authority->members_by_id);
    map_free(&authority->devices);
    map_free(&authority->chains);
    map_free(&authority->sections);
    map_free(&authority->charts);
    map_free(&authority->relations);
    map_free(&authority->facts);
    free(authority->touched);
    free(authority->witness_policy);
    free(authority);
}

enum status authority_grow(void *array, size_t *capacity, size_t need, size_t element_bytes)
{
    if (need <= *capacity) {
        return STATUS_OK;
    }
    size_t wanted = *capacity == 0 ? 4u : *capacity;
    while (wanted < need) {
        wanted *= 2u;
    }
    void *old = NULL;
    memcpy(&old, array, sizeof(old));
    void *grown = reallocarray(old, wanted, element_bytes);
    if (grown == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(array, &grown, sizeof(grown));
    *capacity = wanted;
    return STATUS_OK;
}

enum status authority_list_reserve(struct node_list *list)
{
    return authority_grow(&list->items, &list->capacity, list->count + 1u, sizeof(void *));
}

void authority_list_put(struct node_list *list, void *item)
{
    CHECK(list->count < list->capacity);
    list->items[list->count++] = item;
}

/* ---------------------------------------------------------------- admitting */

static struct judgement judgement_of(struct authority *authority, const struct statement *statement,
                                     uint64_t seq, uint64_t time_ms,
                                     struct authority_result *out_result)
{
    struct judgement judgement = {
        .authority = authority,
        .statement = statement,
        .seq = seq,
        .time_ms = time_ms,
        .when = {seq, time_ms},
        .result = out_result,
    };
    return judgement;
}

enum status authority_judge(struct authority *authority, const struct statement *statement,
                            uint64_t seq, uint64_t time_ms, enum authority_check check,
                            struct authority_result *out_result)
{
    struct judgement judgement = judgement_of(authority, statement, seq, time_ms, out_result);
    return authority_judge_all(&judgement, check);
}

static enum status apply_by_subject(struct judgement *judgement)
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

/* Makes room in the lists and maps that every kind of statement adds to. */
static enum status reserve_common(struct authority *authority)
{
    enum status status = map_reserve(&authority->chains, 1);
    if (status == STATUS_OK) {
        status = map_reserve(&authority->facts, 1);
    }
    if (status == STATUS_OK) {
        status = authority_list_reserve(&authority->chain_list);
    }
    return status == STATUS_OK ? authority_list_reserve(&authority->fact_list) : status;
}

/* Counts the statement in its chain. Cannot fail. */
static void commit_common(struct judgement *judgement, struct chain_node *new_chain,
                          struct member_fact *fact)
{
    struct authority *authority = judgement->authority;
    const struct statement *statement = judgement->statement;
    struct authority_chain *chain = &judgement->chain->pub;
    if (new_chain != NULL) {
        chain->label = statement->link.label;
        chain->subject = statement->rule->subject;
        chain->first_seq = judgement->seq;
        map_put(&authority->chains, chain->label.bytes, new_chain);
        authority_list_put(&authority->chain_list, new_chain);
    }
    if (fact != NULL) {
        *fact = (struct member_fact){statement->hash, judgement->subject->pub.id,
                                     statement->rule->type, judgement->seq, judgement->time_ms};
        map_put(&authority->facts, fact->statement.bytes, fact);
        authority_list_put(&authority->fact_list, fact);
    }
    chain->count++;
    chain->last = statement->hash;
    chain->last_seq = judgement->seq;
    authority->generation++;
    authority_clock_passed(authority, judgement->time_ms);
    judgement->result->touched = authority->touched;
    judgement->result->touched_count = authority->touched_count;
}

static enum status apply(struct judgement *judgement)
{
    struct authority *authority = judgement->authority;
    bool starts = judgement->chain == NULL;
    bool of_member = judgement->statement->rule->subject == STATEMENT_OF_MEMBER;
    struct chain_node *chain = starts ? calloc(1, sizeof(*chain)) : NULL;
    struct member_fact *fact = of_member ? calloc(1, sizeof(*fact)) : NULL;
    enum status status = STATUS_NO_MEMORY;
    authority->touched_count = 0;
    if ((starts && chain == NULL) || (of_member && fact == NULL)) {
        goto out;
    }
    status = reserve_common(authority);
    if (status != STATUS_OK) {
        goto out;
    }
    judgement->chain = starts ? chain : judgement->chain;
    status = apply_by_subject(judgement);
    if (status == STATUS_OK) {
        commit_common(judgement, chain, fact);
        return STATUS_OK;
    }
out:
    free(chain);
    free(fact);
    return status;
}

enum status authority_admit_parsed(struct authority *authority, const struct statement *statement,
                                   uint64_t seq, uint64_t time_ms, enum authority_check check,
                                   struct authority_result *out_result)
{
    struct judgement judgement = judgement_of(authority, statement, seq, time_ms, out_result);
    enum status status = authority_judge_all(&judgement, check);
    return status == STATUS_OK ? apply(&judgement) : status;
}

enum status authority_admit(struct authority *authority, struct span bytes, uint64_t seq,
                            uint64_t time_ms, enum authority_check check,
                            struct authority_result *out_result)
{
    struct statement statement;
    *out_result = (struct authority_result){0};
    enum status status = statement_parse(bytes, &authority->practice, &statement);
    if (status == STATUS_OK) {
        status = authority_admit_parsed(authority, &statement, seq, time_ms, check, out_result);
    }
    statement_free(&statement);
    return status;
}
