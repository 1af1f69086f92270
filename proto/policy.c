#include "proto/policy.h"

/* Bit of an action in a row. */
#define A(action) (UINT64_C(1) << ACTION_##action)

#define READS   (A(READ) | A(OPENED))
#define WRITES  (A(WRITE) | A(ROTATE))
#define OWNS    (A(GRANT) | A(REVOKE) | A(RESEAL))
#define ALL     (A(CREATE_SECTION) | READS | WRITES | OWNS)
/* The actions of everybody, whatever the role. */
#define ACCOUNT (A(LOGIN) | A(SYNC_AUTHORITY) | A(SUBSCRIBE) | A(DEVICE) | A(LOG_OWN))

/*
 * The table. One line per role, relation and class; an action without a line is refused.
 * Reading it is reading who may do what; SECURITY.md prints it.
 */
static const struct policy_row policy_table[] = {
    /* Private notes: their author alone, and whoever trains the author. */
    {ROLE_THERAPIST, POLICY_TREATS, CLASS_PROCESS, A(CREATE_SECTION)},
    {ROLE_THERAPIST, POLICY_AUTHOR, CLASS_PROCESS, READS | WRITES | OWNS},
    {ROLE_THERAPIST, POLICY_TRAINS, CLASS_PROCESS, READS},

    {ROLE_THERAPIST, POLICY_TREATS, CLASS_PROGRESS, ALL},
    {ROLE_THERAPIST, POLICY_COVERS, CLASS_PROGRESS, READS | WRITES},
    {ROLE_THERAPIST, POLICY_SUPERVISES, CLASS_PROGRESS, READS},
    {ROLE_THERAPIST, POLICY_TRAINS, CLASS_PROGRESS, READS},

    {ROLE_THERAPIST, POLICY_TREATS, CLASS_SESSION, ALL},
    {ROLE_THERAPIST, POLICY_COVERS, CLASS_SESSION, READS | WRITES},
    {ROLE_THERAPIST, POLICY_SUPERVISES, CLASS_SESSION, READS},
    {ROLE_THERAPIST, POLICY_TRAINS, CLASS_SESSION, READS},

    {ROLE_THERAPIST, POLICY_TREATS, CLASS_SHARED, ALL},
    {ROLE_THERAPIST, POLICY_COVERS, CLASS_SHARED, READS | WRITES},
    {ROLE_THERAPIST, POLICY_SUPERVISES, CLASS_SHARED, READS},
    {ROLE_THERAPIST, POLICY_TRAINS, CLASS_SHARED, READS},
    {ROLE_CLIENT, POLICY_OWN_CHART, CLASS_SHARED, READS | WRITES | A(RESEAL)},

    /* The client hands the past on when whoever owned it is gone. */
    {ROLE_CLIENT, POLICY_UNOWNED, CLASS_SHARED, A(GRANT)},
    {ROLE_CLIENT, POLICY_UNOWNED, CLASS_SAFETY, A(GRANT)},

    /* Private to the client, who chooses therapists one by one. */
    {ROLE_THERAPIST, POLICY_TREATS, CLASS_JOURNAL, READS},
    {ROLE_THERAPIST, POLICY_COVERS, CLASS_JOURNAL, READS},
    {ROLE_CLIENT, POLICY_OWN_CHART, CLASS_JOURNAL, ALL},

    {ROLE_THERAPIST, POLICY_TREATS, CLASS_SAFETY, ALL},
    {ROLE_THERAPIST, POLICY_COVERS, CLASS_SAFETY, READS},
    {ROLE_THERAPIST, POLICY_SUPERVISES, CLASS_SAFETY, READS},
    {ROLE_THERAPIST, POLICY_TRAINS, CLASS_SAFETY, READS},
    {ROLE_CLIENT, POLICY_OWN_CHART, CLASS_SAFETY, A(CREATE_SECTION) | READS | WRITES | A(RESEAL)},

    /* Names of staff: the only section an admin holds. */
    {ROLE_THERAPIST, POLICY_ANY, CLASS_DIRECTORY, READS},
    {ROLE_AUDITOR, POLICY_ANY, CLASS_DIRECTORY, READS},
    {ROLE_ADMIN, POLICY_ANY, CLASS_DIRECTORY, ALL},

    /* The practice and one's own account. */
    {ROLE_THERAPIST, POLICY_ANY, CLASS_NONE, ACCOUNT},
    {ROLE_THERAPIST, POLICY_DELEGATED, CLASS_NONE, A(INVITE_CLIENT)},
    {ROLE_CLIENT, POLICY_ANY, CLASS_NONE, ACCOUNT},
    {ROLE_CLIENT, POLICY_OWN_CHART, CLASS_NONE, A(LOG_CHART)},
    {ROLE_AUDITOR, POLICY_ANY, CLASS_NONE, ACCOUNT | A(LOG_ALL)},
    {ROLE_ADMIN, POLICY_ANY, CLASS_NONE,
     ACCOUNT | A(INVITE_STAFF) | A(DELEGATE) | A(RELATE) | A(SUSPEND) | A(REVOKE_DEVICE)},
};

#ifdef ALCOVE_TEST_HOOKS
static uint32_t policy_flip_role;
static uint32_t policy_flip_relation;
static uint32_t policy_flip_class;
static uint32_t policy_flip_action;

void policy_test_flip(uint32_t role, uint32_t relation, uint32_t class, uint32_t action)
{
    policy_flip_role = role;
    policy_flip_relation = relation;
    policy_flip_class = class;
    policy_flip_action = action;
}

static bool policy_flipped(uint32_t role, uint32_t relation, uint32_t class, uint32_t action)
{
    return policy_flip_action != 0 && policy_flip_action == action && policy_flip_role == role &&
           policy_flip_relation == relation && policy_flip_class == class;
}
#else
static bool policy_flipped(uint32_t role, uint32_t relation, uint32_t class, uint32_t action)
{
    (void)role;
    (void)relation;
    (void)class;
    (void)action;
    return false;
}
#endif

bool policy_class_valid(uint32_t class)
{
    return class != CLASS_NONE && class < POLICY_CLASS_COUNT;
}

bool policy_cell(uint32_t role, uint32_t relation, uint32_t class, uint32_t action)
{
    if (action == ACTION_NONE || action > POLICY_ACTION_MAX) {
        return false;
    }
    uint64_t bit = UINT64_C(1) << action;
    bool allowed = false;
    for (size_t i = 0; i < ARRAY_LEN(policy_table); i++) {
        const struct policy_row *row = &policy_table[i];
        allowed |= row->role == role && row->relation == relation && row->class == class &&
                   (row->actions & bit) != 0;
    }
    return allowed != policy_flipped(role, relation, class, action);
}

bool policy_allows(uint32_t role, uint32_t relations, uint32_t class, uint32_t action)
{
    relations |= POLICY_ANY;
    for (uint32_t i = 0; i < POLICY_RELATION_COUNT; i++) {
        uint32_t relation = 1u << i;
        if ((relations & relation) != 0 && policy_cell(role, relation, class, action)) {
            return true;
        }
    }
    return false;
}

uint32_t policy_rights(uint32_t role, uint32_t relations, uint32_t class)
{
    uint32_t rights = RIGHT_NONE;
    rights |= policy_allows(role, relations, class, ACTION_READ) ? (uint32_t)RIGHT_READ : 0u;
    rights |= policy_allows(role, relations, class, ACTION_WRITE) ? (uint32_t)RIGHT_WRITE : 0u;
    rights |= policy_allows(role, relations, class, ACTION_GRANT) ? (uint32_t)RIGHT_OWN : 0u;
    return rights;
}

const struct policy_row *policy_rows(size_t *out_count)
{
    *out_count = ARRAY_LEN(policy_table);
    return policy_table;
}

/* ---------------------------------------------------------------- words */

#define NAME(value, word, text) [value] = (text),
static const char *const policy_role_names[] = {[ROLE_NONE] = "none", ROLE_LIST(NAME)};
static const char *const policy_class_names[] = {[CLASS_NONE] = "none", NOTE_CLASS_LIST(NAME)};
static const char *const policy_action_names[] = {[ACTION_NONE] = "none", ACTION_LIST(NAME)};
#undef NAME
_Static_assert(ARRAY_LEN(policy_role_names) == POLICY_ROLE_COUNT + 1u, "a name per role");
_Static_assert(ARRAY_LEN(policy_class_names) == POLICY_CLASS_COUNT, "a name per class");
_Static_assert(ARRAY_LEN(policy_action_names) == POLICY_ACTION_MAX + 1u && POLICY_ACTION_MAX < 64u,
               "a name per action, and actions fit a row");

static const char *policy_name(const char *const *names, size_t count, uint32_t value)
{
    return value < count && names[value] != NULL ? names[value] : "?";
}

const char *policy_role_name(uint32_t role)
{
    return policy_name(policy_role_names, ARRAY_LEN(policy_role_names), role);
}

const char *policy_class_name(uint32_t class)
{
    return policy_name(policy_class_names, ARRAY_LEN(policy_class_names), class);
}

const char *policy_action_name(uint32_t action)
{
    return policy_name(policy_action_names, ARRAY_LEN(policy_action_names), action);
}
