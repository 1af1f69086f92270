#include "tests/e2e/attempt.h"

#include "proto/message.h"
#include "tests/support/policy_words.h"
#include "tests/support/test.h"

#define EVENTS_MAX 64u

/* What an auditor reads of one event. */
struct seen_event {
    struct member_id actor;
    uint32_t role, action, outcome, reason;
    struct section_id section;
};

void attempts_init(struct world *world, const struct policy_file *policy,
                   struct attempts *out_attempts)
{
    *out_attempts = (struct attempts){.world = world, .policy = policy};
}

/* ---- the log */

static void take_event(const Alcove__EventLeaf *leaf, struct seen_event *out)
{
    memset(out, 0, sizeof *out);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__event_open__descriptor, field_span(leaf->open), &arena, &message));
    const Alcove__EventOpen *open = (const Alcove__EventOpen *)(const void *)message;
    assert_true(field_optional(open->actor, out->actor.bytes, ID_BYTES));
    out->role = open->role;
    out->action = open->action;
    out->outcome = open->outcome;
    out->reason = open->reason;
    message = NULL;
    OK(message_decode(&alcove__event_target__descriptor, field_span(leaf->target), &arena,
                      &message));
    const Alcove__EventTarget *target = (const Alcove__EventTarget *)(const void *)message;
    assert_true(field_optional(target->section, out->section.bytes, ID_BYTES));
    arena_free(&arena);
}

/* All events since the last call, by an auditor's request, which leaves one itself. */
static size_t read_events(struct attempts *attempts, struct seen_event *out, size_t capacity)
{
    Alcove__EventLeavesAsk ask = ALCOVE__EVENT_LEAVES_ASK__INIT;
    ask.from = attempts->next_event;
    ask.to = attempts->next_event + capacity;
    struct live_reply *got =
        live_ask(&attempts->world->people[WORLD_AUDITOR], OP_EVENT_LEAVES, &ask.base);
    assert_true(got->came);
    assert_int_equal(got->status, STATUS_OK);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__event_leaves_reply__descriptor, span_of(got->body, got->size),
                      &arena, &message));
    const Alcove__EventLeavesReply *reply = (const Alcove__EventLeavesReply *)(const void *)message;
    size_t count = reply->n_leaf;
    assert_true(count <= capacity);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(reply->leaf[i]->seq, attempts->next_event + i);
        take_event(reply->leaf[i], &out[i]);
    }
    assert_int_equal(reply->event, attempts->next_event + count);
    attempts->next_event = reply->event + 1u;
    arena_free(&arena);
    return count;
}

/* Everything that is in the log by now is nobody's attempt. */
static void skip_events(struct attempts *attempts)
{
    Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
    ask.scope = ACTION_LOG_ALL;
    ask.limit = 1;
    struct live_reply *got =
        live_ask(&attempts->world->people[WORLD_AUDITOR], OP_EVENTS, &ask.base);
    assert_int_equal(got->status, STATUS_OK);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__events_reply__descriptor, span_of(got->body, got->size), &arena,
                      &message));
    attempts->next_event = ((const Alcove__EventsReply *)(const void *)message)->event + 1u;
    arena_free(&arena);
}

void attempts_go_raw(struct attempts *attempts)
{
    for (struct live_person *p = attempts->world->live.people; p != NULL; p = p->next) {
        live_connect(p);
    }
    for (struct live_person *p = attempts->world->live.people; p != NULL; p = p->next) {
        p->raw = true;
    }
    skip_events(attempts);
}

void attempts_end_raw(struct attempts *attempts)
{
    for (struct live_person *p = attempts->world->live.people; p != NULL; p = p->next) {
        p->raw = false;
    }
}

/* ---- judging */

void attempts_mark(struct attempts *attempts, const struct attempt *attempt)
{
    uint32_t role = world_role(attempt->person);
    for (uint32_t bit = 0; bit < POLICY_RELATION_COUNT; bit++) {
        bool *seen = &attempts->seen[role][bit][attempt->class][attempt->action];
        if (((attempt->relations | (uint32_t)POLICY_ANY) >> bit & 1u) != 0 && !*seen) {
            *seen = true;
            attempts->driven++;
        }
    }
}

static const char *check_events(const struct attempts *attempts, const struct attempt *attempt,
                                bool allowed, const struct seen_event *events, size_t count)
{
    const struct member_id *actor = &attempts->world->people[attempt->person].content.member;
    size_t wanted = allowed ? attempt->things : 1;
    if (count != wanted && !(allowed && attempt->more && count > wanted)) {
        return "another number of events";
    }
    for (size_t i = 0; i < count; i++) {
        if (!ID_EQUAL(&events[i].actor, actor) || events[i].role != world_role(attempt->person)) {
            return "an event of another actor";
        }
        if (events[i].outcome != (allowed ? OUTCOME_OK : OUTCOME_REFUSED)) {
            return "an event with another outcome";
        }
        if (attempt->section != NULL && !attempt->more &&
            !ID_EQUAL(&events[i].section, attempt->section)) {
            return "an event about another section";
        }
    }
    return count == 0 || events[0].action == attempt->action ? NULL : "an event of another action";
}

bool attempt_judge(struct attempts *attempts, const struct attempt *attempt,
                   const struct live_reply *reply)
{
    bool expected = policy_file_allows(attempts->policy, world_role(attempt->person),
                                       attempt->relations, attempt->class, attempt->action);
    attempts_mark(attempts, attempt);
    return attempt_expect(attempts, attempt, expected, reply);
}

bool attempt_expect(struct attempts *attempts, const struct attempt *attempt, bool expected,
                    const struct live_reply *reply)
{
    static struct seen_event events[EVENTS_MAX];
    uint32_t role = world_role(attempt->person);
    enum status wanted = expected ? STATUS_OK : STATUS_REFUSED;
    bool came = reply->came && reply->status == wanted && (expected || reply->size == 0);
    enum status status = reply->came ? reply->status : STATUS_OFFLINE;
    size_t count = read_events(attempts, events, EVENTS_MAX);
    const char *wrong = came ? check_events(attempts, attempt, expected, events, count) : NULL;
    attempts->count++;
    attempts->allowed += expected ? 1u : 0u;
    if (!came || wrong != NULL) {
        attempts->wrong++;
        print_error("%s (%s, relations %x) %s %s: wanted %s, got %s; %s; %zu events",
                    world_name(attempt->person), policy_role_name(role), attempt->relations,
                    policy_class_name(attempt->class), policy_action_name(attempt->action),
                    status_name(wanted), status_name(status), wrong != NULL ? wrong : "-", count);
        for (size_t i = 0; i < count; i++) {
            print_error(" [%s %u %s]", policy_action_name(events[i].action), events[i].outcome,
                        status_name((enum status)events[i].reason));
        }
        print_error("\n");
    }
    return status == STATUS_OK;
}

/* ---- logging in */

void attempt_login(struct attempts *attempts, enum world_person person)
{
    static struct seen_event events[EVENTS_MAX];
    struct live_person *who = &attempts->world->people[person];
    struct live_person *auditor = &attempts->world->people[WORLD_AUDITOR];
    struct attempt attempt = {.person = person,
                              .relations = world_relations(person, WORLD_MAIN, CLASS_NONE),
                              .class = CLASS_NONE,
                              .action = ACTION_LOGIN};
    live_connect(auditor);
    auditor->raw = true;
    skip_events(attempts);
    auditor->raw = false;
    live_disconnect(who);
    live_connect(who);
    auditor->raw = true;
    size_t count = read_events(attempts, events, EVENTS_MAX);
    auditor->raw = false;
    attempts->count++;
    attempts->allowed++;
    attempts_mark(attempts, &attempt);
    assert_true(policy_file_allows(attempts->policy, world_role(person), attempt.relations,
                                   CLASS_NONE, ACTION_LOGIN));
    size_t logins = 0;
    for (size_t i = 0; i < count; i++) {
        bool by_auditor = ID_EQUAL(&events[i].actor, &auditor->content.member);
        assert_int_equal(events[i].outcome, OUTCOME_OK);
        assert_true(by_auditor || ID_EQUAL(&events[i].actor, &who->content.member));
        logins += events[i].action == ACTION_LOGIN ? 1u : 0u;
    }
    assert_int_equal(logins, 1);
}

/* ---- nothing left out */

size_t attempts_left_out(const struct attempts *attempts)
{
    FILE *in = fopen(ALCOVE_SOURCE_DIR "/tests/data/policy.tsv", "r");
    assert_non_null(in);
    char line[512];
    size_t left = 0;
    while (fgets(line, sizeof line, in) != NULL) {
        char *at = line;
        struct span words[4];
        for (size_t i = 0; i < 4 && line[0] != '#'; i++) {
            size_t size = strcspn(at, "\t");
            words[i] = span_of(at, size);
            at += size + 1u;
        }
        uint32_t v[4] = {0};
        if (line[0] == '#' || policy_role_parse(words[0], &v[0]) != STATUS_OK ||
            policy_relation_parse(words[1], &v[1]) != STATUS_OK ||
            policy_class_parse(words[2], &v[2]) != STATUS_OK ||
            policy_action_parse(words[3], &v[3]) != STATUS_OK) {
            continue;
        }
        uint32_t bit = (uint32_t)__builtin_ctz(v[1]);
        if (!attempts->seen[v[0]][bit][v[2]][v[3]] && strstr(at, "cannot arise") == NULL) {
            print_error("not driven: %s", line);
            left++;
        }
    }
    (void)fclose(in);
    return left;
}
