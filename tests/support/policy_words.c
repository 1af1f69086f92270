#include "tests/support/policy_words.h"

static const char *const relation_names[] = {"any",    "own-chart", "author",
                                             "treats", "covers",    "supervises",
                                             "trains", "delegated", "unowned"};
_Static_assert(ARRAY_LEN(relation_names) == POLICY_RELATION_COUNT, "a name per relation");

const char *policy_relation_name(uint32_t relation)
{
    for (uint32_t i = 0; i < POLICY_RELATION_COUNT; i++) {
        if (relation == 1u << i) {
            return relation_names[i];
        }
    }
    return relation == 0 ? "none" : "?";
}

/* The number below |count| that is called |name|. */
static enum status find(const char *(*name_of)(uint32_t number), uint32_t count, struct span name,
                        uint32_t *out_number)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *text = name_of(i);
        if (strcmp(text, "?") != 0 && span_equal(name, span_of(text, strlen(text)))) {
            *out_number = i;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

enum status policy_role_parse(struct span name, uint32_t *out_role)
{
    return find(policy_role_name, POLICY_ROLE_COUNT + 1u, name, out_role);
}

enum status policy_relation_parse(struct span name, uint32_t *out_relation)
{
    return find(policy_relation_name, (1u << (POLICY_RELATION_COUNT - 1u)) + 1u, name,
                out_relation);
}

enum status policy_class_parse(struct span name, uint32_t *out_class)
{
    return find(policy_class_name, POLICY_CLASS_COUNT, name, out_class);
}

enum status policy_action_parse(struct span name, uint32_t *out_action)
{
    return find(policy_action_name, POLICY_ACTION_MAX + 1u, name, out_action);
}
