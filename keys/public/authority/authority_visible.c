/* Who is served which chain: PROTOCOL.md, section 4.1. */
#include "keys/public/authority/authority_internal.h"

static bool is_staff(const struct authority_member *member)
{
    return member->role != ROLE_CLIENT;
}

/* Any relation, past or present, that names |staff| in |subject|'s chain. */
static bool ever_related(const struct authority_member *subject,
                         const struct authority_member *staff)
{
    for (const struct authority_relation *r = subject->relations; r != NULL; r = r->next) {
        if (ID_EQUAL(&r->staff, &staff->id)) {
            return true;
        }
    }
    return false;
}

static bool share_section(const struct member_node *a, const struct member_node *b)
{
    for (size_t i = 0; i < a->section_count; i++) {
        if (authority_member_in(b, a->sections[i])) {
            return true;
        }
    }
    return false;
}

static bool client_meets_staff(const struct member_node *viewer, const struct member_node *staff)
{
    return staff->pub.role == ROLE_ADMIN || ID_EQUAL(&viewer->pub.inviter, &staff->pub.id) ||
           ever_related(&viewer->pub, &staff->pub) || share_section(viewer, staff);
}

/* The staff whom a client may see: those whom the client meets, and those who supervise or train
 * one of these, since without a supervisor's chain neither that relation nor the supervisor's
 * rights can be judged. Walks from |staff| down to the members whom they supervise or train. */
static bool client_sees_staff(const struct member_node *viewer, struct member_node *staff)
{
    struct member_node *last = staff;
    staff->walked = true;
    bool sees = false;
    for (struct member_node *node = staff; node != NULL && !sees; node = node->walk_next) {
        sees = client_meets_staff(viewer, node);
        for (size_t i = 0; i < node->supervised_count && !sees; i++) {
            if (!node->supervised[i]->walked) {
                node->supervised[i]->walked = true;
                last->walk_next = node->supervised[i];
                last = last->walk_next;
            }
        }
    }
    while (staff != NULL) {
        struct member_node *next = staff->walk_next;
        staff->walked = false;
        staff->walk_next = NULL;
        staff = next;
    }
    return sees;
}

/* A member who was ever in a section about this client must be able to judge the client's chain. */
static bool in_chart_of(const struct member_node *viewer, const struct authority_member *client)
{
    for (size_t i = 0; i < viewer->section_count; i++) {
        if (ID_EQUAL(&viewer->sections[i]->pub.client, &client->id)) {
            return true;
        }
    }
    return false;
}

static bool staff_sees_client(const struct member_node *viewer, const struct member_node *client)
{
    return viewer->pub.role == ROLE_ADMIN || viewer->pub.role == ROLE_AUDITOR ||
           ID_EQUAL(&client->pub.inviter, &viewer->pub.id) ||
           ever_related(&client->pub, &viewer->pub) || in_chart_of(viewer, &client->pub) ||
           share_section(viewer, client);
}

bool authority_sees_member(const struct authority *authority, const struct authority_member *viewer,
                           const struct authority_member *subject)
{
    const struct member_node *from = authority_member_node(authority, &viewer->id);
    struct member_node *to = authority_member_node(authority, &subject->id);
    CHECK(from != NULL && to != NULL);
    if (from == to) {
        return true;
    }
    if (is_staff(subject)) {
        return is_staff(viewer) || client_sees_staff(from, to);
    }
    return is_staff(viewer) ? staff_sees_client(from, to) : share_section(from, to);
}

bool authority_sees_section(const struct authority *authority,
                            const struct authority_member *viewer,
                            const struct authority_section *section)
{
    const struct member_node *from = authority_member_node(authority, &viewer->id);
    const struct section_node *node = authority_section_node(authority, &section->id);
    CHECK(from != NULL && node != NULL);
    return viewer->role == ROLE_AUDITOR || authority_member_in(from, node);
}

bool authority_sees_chain(const struct authority *authority, const struct authority_member *viewer,
                          const struct authority_chain *chain)
{
    const struct chain_node *node = map_get(&authority->chains, chain->label.bytes);
    CHECK(node != NULL);
    if (node->member != NULL) {
        return authority_sees_member(authority, viewer, &node->member->pub);
    }
    return node->section == NULL || authority_sees_section(authority, viewer, &node->section->pub);
}

void authority_visible_chains(const struct authority *authority,
                              const struct authority_member *viewer,
                              bool (*visit)(void *context, const struct authority_chain *chain),
                              void *context)
{
    for (size_t i = 0; i < authority->chain_list.count; i++) {
        const struct chain_node *node = authority->chain_list.items[i];
        if (authority_sees_chain(authority, viewer, &node->pub) && !visit(context, &node->pub)) {
            return;
        }
    }
}

void authority_visible_sections(
    const struct authority *authority, const struct authority_member *viewer,
    bool (*visit)(void *context, const struct authority_section *section), void *context)
{
    const struct member_node *from = authority_member_node(authority, &viewer->id);
    CHECK(from != NULL);
    for (size_t i = 0; i < from->section_count; i++) {
        if (!visit(context, &from->sections[i]->pub)) {
            return;
        }
    }
}
