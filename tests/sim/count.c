#include "tests/sim/world.h"

#include "proto/message.h"
#include "tests/support/test.h"

/*
 * What a run reached, for coverage.sh: ops, what an honest server answered, kinds of alarms, and
 * cells of the policy table that let somebody do something.
 */

#define REASONS_MAX  64u
#define STATUSES_MAX 64u
#define RELATION_ONE 1u

static uint64_t answers[STATUSES_MAX];
static char reasons[REASONS_MAX][ENGINE_ALARM_CHARS_MAX];
static size_t reason_count;
static bool cells[POLICY_ROLE_COUNT + 1][POLICY_RELATION_COUNT][POLICY_CLASS_COUNT]
                 [POLICY_ACTION_MAX];

bool __real_policy_allows(uint32_t role, uint32_t relations, uint32_t class, uint32_t action);
bool __wrap_policy_allows(uint32_t role, uint32_t relations, uint32_t class, uint32_t action);
bool __real_policy_cell(uint32_t role, uint32_t relation, uint32_t class, uint32_t action);
bool __wrap_policy_cell(uint32_t role, uint32_t relation, uint32_t class, uint32_t action);

static void note(uint32_t role, uint32_t relations, uint32_t class, uint32_t action)
{
    bool valid =
        role <= POLICY_ROLE_COUNT && class < POLICY_CLASS_COUNT && action < POLICY_ACTION_MAX;
    for (unsigned i = 0; valid && i < POLICY_RELATION_COUNT; i++) {
        uint32_t relation = RELATION_ONE << i;
        if ((relations & relation) != 0) {
            cells[role][i][class][action] |= __real_policy_cell(role, relation, class, action);
        }
    }
}

/* In the places of the table's functions, by the linker. */
bool __wrap_policy_allows(uint32_t role, uint32_t relations, uint32_t class, uint32_t action)
{
    note(role, relations | POLICY_ANY, class, action);
    return __real_policy_allows(role, relations, class, action);
}

bool __wrap_policy_cell(uint32_t role, uint32_t relation, uint32_t class, uint32_t action)
{
    note(role, relation, class, action);
    return __real_policy_cell(role, relation, class, action);
}

uint32_t __real_policy_rights(uint32_t role, uint32_t relations, uint32_t class);
uint32_t __wrap_policy_rights(uint32_t role, uint32_t relations, uint32_t class);

uint32_t __wrap_policy_rights(uint32_t role, uint32_t relations, uint32_t class)
{
    static const uint32_t actions[] = {ACTION_READ, ACTION_WRITE, ACTION_GRANT};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        note(role, relations | POLICY_ANY, class, actions[i]);
    }
    return __real_policy_rights(role, relations, class);
}

void count_answer(const struct world *world, const struct world_device *device, struct span bytes)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    if (world->counts && world->liar == NULL && !device->besieged &&
        message_decode(&alcove__frame__descriptor, bytes, &arena, &message) == STATUS_OK) {
        const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
        bool reply = frame->kind == FRAME_REPLY || frame->kind == FRAME_LOGIN_REPLY;
        answers[frame->code % STATUSES_MAX] += reply ? 1 : 0;
    }
    arena_free(&arena);
}

void count_alarm(const struct engine_alarm *alarm)
{
    char text[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(text, sizeof text, "%.20s: %.200s", status_name(alarm->status), alarm->reason);
    for (size_t i = 0; i < reason_count; i++) {
        if (strcmp(reasons[i], text) == 0) {
            return;
        }
    }
    if (reason_count < REASONS_MAX) {
        memcpy(reasons[reason_count++], text, sizeof text);
    }
}

static const char *relation_name(uint32_t relation)
{
    static const char *const names[POLICY_RELATION_COUNT] = {"any",    "own-chart", "author",
                                                             "treats", "covers",    "supervises",
                                                             "trains", "delegated", "unowned"};
    for (unsigned i = 0; i < POLICY_RELATION_COUNT; i++) {
        if (relation == RELATION_ONE << i) {
            return names[i];
        }
    }
    return "?";
}

static void print_cells(void)
{
    size_t count = 0;
    const struct policy_row *rows = policy_rows(&count);
    for (size_t i = 0; i < count; i++) {
        unsigned bit = (unsigned)__builtin_ctz(rows[i].relation);
        for (uint32_t action = 1; action < POLICY_ACTION_MAX; action++) {
            if ((rows[i].actions >> action & 1) != 0) {
                printf("count %s %s %s %s %s\n",
                       cells[rows[i].role][bit][rows[i].class][action] ? "cell" : "nocell",
                       policy_role_name(rows[i].role), relation_name(rows[i].relation),
                       policy_class_name(rows[i].class), policy_action_name(action));
            }
        }
    }
}

void count_print(const struct world *world)
{
    for (unsigned i = 0; i < alcove__op__descriptor.n_values; i++) {
        const ProtobufCEnumValue *op = &alcove__op__descriptor.values[i];
        if (op->value > 0 && (size_t)op->value < ARRAY_LEN(world->server.ops)) {
            printf("count %s %s\n", world->server.ops[op->value] > 0 ? "op" : "noop", op->name);
        }
    }
    for (unsigned i = 0; i < STATUSES_MAX; i++) {
        const char *name = status_name((enum status)i);
        if (i <= STATUS_VERSION) {
            printf("count %s %s\n", answers[i] > 0 ? "answer" : "noanswer", name);
        }
    }
    for (size_t i = 0; i < reason_count; i++) {
        printf("count alarm %s\n", reasons[i]);
    }
    print_cells();
}
