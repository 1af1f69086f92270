#include "keys/public/authority/authority_internal.h"

/* ---------------------------------------------------------------- small parts */

bool authority_member_in(const struct member_node *member, const struct section_node *section)
{
    for (size_t i = 0; i < member->section_count; i++) {
        if (member->sections[i] == section) {
            return true;
        }
    }
    return false;
}

static enum status reserve_membership(struct member_node *member)
{
    return authority_grow(&member->sections, &member->section_capacity, member->section_count + 1u,
                          sizeof(struct section_node *));
}

static void put_membership(struct member_node *member, struct section_node *section)
{
    if (!authority_member_in(member, section)) {
        member->sections[member->section_count++] = section;
    }
    member->pub.generation++;
}

static void put_entry(struct judgement *judgement, struct section_node *node)
{
    struct authority_section *section = &node->pub;
    const struct authority_result *result = judgement->result;
    CHECK(section->entry_count < node->entry_capacity);
    section->entries[section->entry_count++] = (struct authority_entry){
        .statement = judgement->statement->hash,
        .type = judgement->statement->rule->type,
        .seq = judgement->seq,
        .time_ms = judgement->time_ms,
        .position_number = result->position_number,
        .position_head = result->position_head,
    };
    section->generation = ++judgement->authority->ticks;
}

static enum status reserve_entry(struct section_node *node)
{
    return authority_grow(&node->pub.entries, &node->entry_capacity, node->pub.entry_count + 1u,
                          sizeof(struct authority_entry));
}

static enum status reserve_grant(struct section_node *node)
{
    return authority_grow(&node->pub.grants, &node->grant_capacity, node->pub.grant_count + 1u,
                          sizeof(struct authority_grant));
}

static void put_grant(struct judgement *judgement, struct section_node *node,
                      struct authority_grant grant)
{
    struct authority *authority = judgement->authority;
    struct authority_section *section = &node->pub;
    grant.statement = judgement->statement->hash;
    grant.seq = judgement->seq;
    grant.ended_seq = AUTHORITY_NEVER;
    section->grants[section->grant_count++] = grant;
    uint64_t end =
        authority_grant_end_ms(authority, section, &section->grants[section->grant_count - 1u]);
    if (end != 0 && end < authority->next_end_ms) {
        authority->next_end_ms = end;
    }
}

/* ---------------------------------------------------------------- making */

/* The client's chart, made with their first section. NULL: no memory. */
static struct chart_node *chart_for(struct authority *authority,
                                    const struct statement_section *said, bool *out_new)
{
    struct member_node *client = authority_member_node(authority, &said->client);
    CHECK(client != NULL);
    *out_new = client->chart == NULL;
    if (client->chart != NULL) {
        return client->chart;
    }
    struct chart_node *chart = calloc(1, sizeof(*chart));
    if (chart == NULL || map_reserve(&authority->charts, 1) != STATUS_OK) {
        free(chart);
        return NULL;
    }
    chart->pub.id = said->chart;
    chart->pub.client = said->client;
    chart->client = client;
    return chart;
}

static enum status chart_reserve(struct chart_node *chart)
{
    enum status status =
        authority_grow(&chart->sections, &chart->section_capacity, chart->pub.section_count + 1u,
                       sizeof(const struct authority_section *));
    chart->pub.sections = chart->sections;
    return status;
}

static void chart_commit(struct authority *authority, struct chart_node *chart, bool is_new,
                         struct section_node *section)
{
    if (is_new) {
        chart->client->chart = chart;
        map_put(&authority->charts, chart->pub.id.bytes, chart);
    }
    chart->sections[chart->pub.section_count++] = &section->pub;
    section->chart = chart;
}

static void section_fill(struct judgement *judgement, struct section_node *node)
{
    const struct statement_section *said = &judgement->statement->u.section;
    struct authority *authority = judgement->authority;
    node->pub.id = said->section;
    node->pub.label = judgement->statement->link.label;
    node->pub.class = said->class;
    node->pub.has_chart = said->has_chart;
    node->pub.chart = said->chart;
    node->pub.client = said->client;
    node->pub.maker = judgement->signer->pub.id;
    node->pub.seq = judgement->seq;
    node->pub.local = authority->section_locals++;
    map_put(&authority->sections, node->pub.id.bytes, node);
    authority_list_put(&authority->section_list, node);
    judgement->chain->section = node;
    memcpy(judgement->chain->pub.id, node->pub.id.bytes, ID_BYTES);
}

static enum status reserve_making(struct judgement *judgement, struct section_node *node,
                                  struct chart_node *chart)
{
    struct authority *authority = judgement->authority;
    enum status status = map_reserve(&authority->sections, 1);
    if (status == STATUS_OK) {
        status = authority_list_reserve(&authority->section_list);
    }
    if (status == STATUS_OK) {
        status = reserve_membership(judgement->signer);
    }
    if (status == STATUS_OK) {
        status = reserve_entry(node);
    }
    if (status == STATUS_OK) {
        status = reserve_grant(node);
    }
    return status == STATUS_OK && chart != NULL ? chart_reserve(chart) : status;
}

/* Making a section counts as its first grant. */
static void put_maker(struct judgement *judgement, struct section_node *node)
{
    struct authority_grant maker = {
        .member = judgement->signer->pub.id,
        .identity = judgement->signer->pub.identity,
        .rights = (uint32_t)RIGHT_READ | (uint32_t)RIGHT_WRITE | (uint32_t)RIGHT_OWN,
        .basis_kind = BASIS_OWNER,
    };
    put_grant(judgement, node, maker);
}

static enum status apply_making(struct judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement_section *said = &judgement->statement->u.section;
    bool new_chart = false;
    struct chart_node *chart = NULL;
    struct section_node *node = calloc(1, sizeof(*node));
    enum status status = STATUS_NO_MEMORY;
    if (node == NULL) {
        goto out;
    }
    chart = said->has_chart ? chart_for(authority, said, &new_chart) : NULL;
    if (said->has_chart && chart == NULL) {
        goto out;
    }
    status = reserve_making(judgement, node, chart);
    if (status != STATUS_OK) {
        goto out;
    }
    section_fill(judgement, node);
    if (chart != NULL) {
        chart_commit(authority, chart, new_chart, node);
    } else {
        authority->directory = node;
    }
    put_maker(judgement, node);
    put_membership(judgement->signer, node);
    put_entry(judgement, node);
    return STATUS_OK;
out:
    if (new_chart && chart != NULL) {
        free(chart->sections);
        free(chart);
    }
    authority_section_free(node);
    return status;
}

/* ---------------------------------------------------------------- grants */

static enum status apply_grant(struct judgement *judgement)
{
    const struct statement_grant *said = &judgement->statement->u.grant;
    struct section_node *node = judgement->section;
    struct member_node *member = authority_member_node(judgement->authority, &said->member);
    CHECK(member != NULL);
    enum status status = reserve_grant(node);
    if (status == STATUS_OK) {
        status = reserve_membership(member);
    }
    if (status != STATUS_OK) {
        return status;
    }
    /* One grant per member at a time: the newer replaces the older. */
    for (size_t i = 0; i < node->pub.grant_count; i++) {
        struct authority_grant *older = &node->pub.grants[i];
        if (ID_EQUAL(&older->member, &said->member) && older->ended_seq == AUTHORITY_NEVER) {
            older->ended_seq = judgement->seq;
        }
    }
    struct authority_grant grant = {
        .member = said->member,
        .identity = said->identity,
        .rights = said->rights,
        .until_ms = said->until_ms,
        .history_from = said->history_from,
        .basis_kind = said->basis_kind,
        .basis = said->basis,
    };
    put_grant(judgement, node, grant);
    put_membership(member, node);
    return STATUS_OK;
}

static enum status apply_revocation(struct judgement *judgement)
{
    struct section_node *node = judgement->section;
    for (size_t i = 0; i < node->pub.grant_count; i++) {
        struct authority_grant *grant = &node->pub.grants[i];
        if (ID_EQUAL(&grant->statement, &judgement->statement->u.grant_revoked)) {
            struct member_node *member =
                authority_member_node(judgement->authority, &grant->member);
            CHECK(member != NULL);
            grant->ended_seq = judgement->seq;
            member->pub.generation++;
        }
    }
    return STATUS_OK;
}

enum status authority_apply_section(struct judgement *judgement)
{
    if (judgement->statement->rule->type == STATEMENT_SECTION) {
        return apply_making(judgement);
    }
    enum status status = reserve_entry(judgement->section);
    if (status != STATUS_OK) {
        return status;
    }
    switch (judgement->statement->rule->type) {
    case STATEMENT_GRANT:
        status = apply_grant(judgement);
        break;
    case STATEMENT_REVOCATION:
        status = apply_revocation(judgement);
        break;
    case STATEMENT_EPOCH:
        status = authority_apply_epoch(judgement);
        break;
    case STATEMENT_RESEAL:
        status = authority_apply_reseal(judgement);
        break;
    default: /* BAD_SEAL is only counted */
        break;
    }
    if (status == STATUS_OK) {
        put_entry(judgement, judgement->section);
    }
    return status;
}

/* ---------------------------------------------------------------- forgetting */

static void list_remove(struct node_list *list, const void *item)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i] != item) {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
}

static void forget_membership(struct member_node *member, const struct section_node *section)
{
    size_t kept = 0;
    for (size_t i = 0; i < member->section_count; i++) {
        if (member->sections[i] != section) {
            member->sections[kept++] = member->sections[i];
        }
    }
    member->section_count = kept;
    member->pub.generation++;
}

static void forget_in_chart(struct authority *authority, struct section_node *section)
{
    struct chart_node *chart = section->chart;
    size_t kept = 0;
    for (size_t i = 0; i < chart->pub.section_count; i++) {
        if (chart->sections[i] != &section->pub) {
            chart->sections[kept++] = chart->sections[i];
        }
    }
    chart->pub.section_count = kept;
    if (kept == 0) {
        chart->client->chart = NULL;
        (void)map_remove(&authority->charts, chart->pub.id.bytes);
        free(chart->sections);
        free(chart);
    }
}

enum status authority_forget_section(struct authority *authority, const struct chain_label *label)
{
    struct chain_node *chain = map_get(&authority->chains, label->bytes);
    if (chain == NULL || chain->section == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct section_node *section = chain->section;
    for (size_t i = 0; i < section->pub.grant_count; i++) {
        struct member_node *member =
            authority_member_node(authority, &section->pub.grants[i].member);
        CHECK(member != NULL);
        forget_membership(member, section);
    }
    if (section->chart != NULL) {
        forget_in_chart(authority, section);
    } else {
        authority->directory = NULL;
    }
    (void)map_remove(&authority->sections, section->pub.id.bytes);
    (void)map_remove(&authority->chains, chain->pub.label.bytes);
    list_remove(&authority->section_list, section);
    list_remove(&authority->chain_list, chain);
    authority_section_free(section);
    free(chain);
    authority->touched_count = 0;
    authority->generation++;
    return STATUS_OK;
}
