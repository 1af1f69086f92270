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

static enum status add_membership(struct authority *authority, struct member_node *member,
                                  struct section_node *section)
{
    if (authority_member_in(member, section)) {
        return STATUS_OK;
    }
    enum status status = array_grow(&member->sections, &member->section_capacity,
                                    member->section_count + 1u, sizeof(struct section_node *));
    if (status == STATUS_OK) {
        AUTHORITY_UNDO(authority, member->section_count);
        member->sections[member->section_count++] = section;
    }
    return status;
}

static enum status add_entry(struct authority_judgement *judgement, struct section_node *node)
{
    struct authority_section *section = &node->pub;
    const struct authority_result *result = judgement->result;
    enum status status = array_grow(&section->entries, &node->entry_capacity,
                                    section->entry_count + 1u, sizeof *section->entries);
    if (status != STATUS_OK) {
        return status;
    }
    AUTHORITY_UNDO(judgement->authority, section->entry_count);
    AUTHORITY_UNDO(judgement->authority, section->generation);
    section->entries[section->entry_count++] = (struct authority_entry){
        .statement = judgement->statement->hash,
        .type = judgement->statement->rule->type,
        .seq = judgement->seq,
        .time_ms = judgement->time_ms,
        .position_number = result->position_number,
        .position_head = result->position_head,
    };
    section->generation = ++judgement->authority->ticks;
    return STATUS_OK;
}

static enum status add_grant(struct authority_judgement *judgement, struct section_node *node,
                             struct authority_grant grant)
{
    struct authority *authority = judgement->authority;
    struct authority_section *section = &node->pub;
    enum status status = array_grow(&section->grants, &node->grant_capacity,
                                    section->grant_count + 1u, sizeof *section->grants);
    if (status != STATUS_OK) {
        return status;
    }
    grant.statement = judgement->statement->hash;
    grant.seq = judgement->seq;
    grant.ended_seq = AUTHORITY_NEVER;
    AUTHORITY_UNDO(authority, section->grant_count);
    section->grants[section->grant_count++] = grant;
    uint64_t end =
        authority_grant_end_ms(authority, section, &section->grants[section->grant_count - 1u]);
    if (end != 0 && end < authority->now.next_end_ms) {
        authority->now.next_end_ms = end;
    }
    return STATUS_OK;
}

/* By its place, since the array may move while the try is open. */
static void end_grant(struct authority_judgement *judgement, struct section_node *node, size_t i)
{
    AUTHORITY_UNDO_ELEMENT(judgement->authority, node->pub.grants, i, ended_seq);
    node->pub.grants[i].ended_seq = judgement->seq;
}

/* ---------------------------------------------------------------- making */

/* Puts the section into the client's chart, which their first section makes. */
static enum status join_chart(struct authority *authority, const struct statement_section *said,
                              struct section_node *section)
{
    struct member_node *client = authority_member_node(authority, &said->client);
    CHECK(client != NULL);
    enum status status = STATUS_OK;
    if (client->chart == NULL) {
        struct chart_node *made = authority_make(authority, sizeof *made, authority_chart_free);
        if (made == NULL) {
            return STATUS_NO_MEMORY;
        }
        made->pub.id = said->chart;
        made->pub.client = said->client;
        AUTHORITY_UNDO(authority, client->chart);
        client->chart = made;
        status = authority_put(authority, &authority->charts, made->pub.id.bytes, made, NULL);
    }
    struct chart_node *chart = client->chart;
    if (status == STATUS_OK) {
        status =
            array_grow(&chart->sections, &chart->section_capacity, chart->pub.section_count + 1u,
                       sizeof(const struct authority_section *));
    }
    if (status == STATUS_OK) {
        AUTHORITY_UNDO(authority, chart->pub.section_count);
        chart->pub.sections = chart->sections;
        chart->sections[chart->pub.section_count++] = &section->pub;
    }
    return status;
}

/* Making a section counts as its first grant. It rests on being the section's author where the
 * table gives an author rights, and else on what the making rested on, as any grant does. */
static enum status add_maker(struct authority_judgement *judgement, struct section_node *node)
{
    struct authority_grant maker = {
        .member = judgement->signer->pub.id,
        .identity = judgement->signer->pub.identity,
        .rights = (uint32_t)RIGHT_READ | (uint32_t)RIGHT_WRITE | (uint32_t)RIGHT_OWN,
        .basis_kind = judgement->result->basis_kind,
        .basis = judgement->result->basis,
        .signer = judgement->signer->pub.id,
    };
    if (policy_rights(judgement->signer->pub.role, POLICY_AUTHOR, node->pub.class) != RIGHT_NONE) {
        maker.basis_kind = BASIS_OWNER;
        maker.basis = (struct hash){{0}};
    }
    enum status status = add_grant(judgement, node, maker);
    return status == STATUS_OK ? add_membership(judgement->authority, judgement->signer, node)
                               : status;
}

static enum status apply_making(struct authority_judgement *judgement)
{
    struct authority *authority = judgement->authority;
    const struct statement_section *said = &judgement->statement->u.section;
    struct section_node *node = authority_make(authority, sizeof *node, authority_section_free);
    if (node == NULL) {
        return STATUS_NO_MEMORY;
    }
    node->pub.id = said->section;
    node->pub.label = judgement->statement->link.label;
    node->pub.class = said->class;
    node->pub.has_chart = said->has_chart;
    node->pub.chart = said->chart;
    node->pub.client = said->client;
    node->pub.maker = judgement->signer->pub.id;
    node->pub.seq = judgement->seq;
    node->pub.local = authority->now.section_locals++;
    judgement->section = node;
    judgement->chain->section = node;
    memcpy(judgement->chain->pub.id, node->pub.id.bytes, ID_BYTES);
    enum status status = authority_put(authority, &authority->sections, node->pub.id.bytes, node,
                                       &authority->section_list);
    if (status == STATUS_OK && said->has_chart) {
        status = join_chart(authority, said, node);
    } else if (status == STATUS_OK) {
        authority->now.directory = node;
    }
    return status == STATUS_OK ? add_maker(judgement, node) : status;
}

/* ---------------------------------------------------------------- grants */

static enum status apply_grant(struct authority_judgement *judgement)
{
    const struct statement_grant *said = &judgement->statement->u.grant;
    struct section_node *node = judgement->section;
    struct member_node *member = authority_member_node(judgement->authority, &said->member);
    CHECK(member != NULL);
    /* One grant per member at a time: the newer replaces the older, and only the newest of a
     * member's can still be in force. */
    for (size_t i = 0; i < node->pub.grant_count; i++) {
        const struct authority_grant *older = &node->pub.grants[i];
        if (ID_EQUAL(&older->member, &said->member) && older->ended_seq == AUTHORITY_NEVER) {
            end_grant(judgement, node, i);
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
        .signer = judgement->signer->pub.id,
    };
    enum status status = add_grant(judgement, node, grant);
    return status == STATUS_OK ? add_membership(judgement->authority, member, node) : status;
}

static enum status apply_revocation(struct authority_judgement *judgement)
{
    struct section_node *node = judgement->section;
    for (size_t i = 0; i < node->pub.grant_count; i++) {
        if (ID_EQUAL(&node->pub.grants[i].statement, &judgement->statement->u.grant_revoked)) {
            end_grant(judgement, node, i);
        }
    }
    return STATUS_OK;
}

static enum status apply_by_type(struct authority_judgement *judgement)
{
    switch (judgement->statement->rule->type) {
    case STATEMENT_SECTION:
        return apply_making(judgement);
    case STATEMENT_GRANT:
        return apply_grant(judgement);
    case STATEMENT_REVOCATION:
        return apply_revocation(judgement);
    case STATEMENT_EPOCH:
        return authority_apply_epoch(judgement);
    case STATEMENT_RESEAL:
        return authority_apply_reseal(judgement);
    default: /* BAD_SEAL is only counted */
        return STATUS_OK;
    }
}

enum status authority_apply_section(struct authority_judgement *judgement)
{
    enum status status = apply_by_type(judgement);
    return status == STATUS_OK ? add_entry(judgement, judgement->section) : status;
}
