#include "client/engine/exchange/withheld.h"

#include "client/engine/common/alarm.h"
#include "client/engine/log/fold.h"
#include "keys/public/bytes/hex.h"
#include "proto/policy.h"

/* Enough of an id or a hash to find it in a log. */
#define SHOWN_BYTES 8u

struct contradiction {
    const struct authority_section *facts;
    const struct authority_grant *grant;
    const struct section *section; /* NULL: never listed */
    uint32_t rights;
};

/* A moment at which whatever ends by a clock has ended. */
static struct authority_when after_all_clocks(void)
{
    return authority_now(UINT64_MAX);
}

static bool contradicts(const struct engine *engine, struct contradiction *out)
{
    const struct authority *authority = engine->log.authority;
    const struct authority_member *self = fold_self(&engine->log);
    for (size_t i = 0; self != NULL && i < authority_section_count(authority); i++) {
        out->facts = authority_section_at(authority, i);
        out->section = section_find(&engine->sections, &out->facts->id);
        if (out->section != NULL && !section_withheld(out->section)) {
            continue;
        }
        out->rights =
            authority_rights(authority, out->facts, self, after_all_clocks(), &out->grant);
        if (out->rights != RIGHT_NONE) {
            return true;
        }
    }
    return false;
}

/* How many statements were verified when the server was asked for what it said last. */
static uint64_t said_at(const struct engine *engine, const struct contradiction *found)
{
    uint64_t refused = found->section == NULL ? 0 : found->section->refused_at;
    return refused > engine->round.state_at ? refused : engine->round.state_at;
}

static void say_what(const struct section *section, char *out, size_t room)
{
    if (section == NULL || (section->refused_at == 0 && !section->listed)) {
        (void)snprintf(out, room, "left out of the list");
    } else if (section->refused_at > 0) {
        (void)snprintf(out, room, "a page from %llu refused",
                       (unsigned long long)section->timeline.number + 1);
    } else {
        (void)snprintf(out, room, "said to have ended for us at %llu",
                       (unsigned long long)section->ended_at);
    }
}

static enum status accuse(struct engine *engine, const struct contradiction *found)
{
    bool charted = found->facts->has_chart;
    char client[NAME_BYTES_MAX] = "";
    if (charted) {
        name_say(&engine->names, &found->facts->client, client);
    }
    char reason[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(reason, sizeof reason,
                   "The server withholds the %s%s%s%s from you, though the statements in its own "
                   "log let you in.",
                   policy_class_name(found->facts->class), charted ? " notes of " : "", client, "");
    char what[64];
    say_what(found->section, what, sizeof what);
    char section[2 * SHOWN_BYTES + 1];
    hex_encode(span_of(found->facts->id.bytes, SHOWN_BYTES), section);
    char grant[2 * SHOWN_BYTES + 1];
    hex_encode(span_of(found->grant->statement.bytes, SHOWN_BYTES), grant);
    char root[2 * SHOWN_BYTES + 1];
    hex_encode(span_of(engine->log.statements.root.bytes, SHOWN_BYTES), root);
    char evidence[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(evidence, sizeof evidence,
                   "section %s: %s; statement %s at log index %llu gives rights %u, and none of "
                   "the %llu statements (root %s) ends them",
                   section, what, grant, (unsigned long long)found->grant->seq, found->rights,
                   (unsigned long long)engine->log.statements.size, root);
    return alarm_stop(&engine->common, STATUS_BAD_PROOF, reason, evidence);
}

void withheld_anew(struct engine *engine)
{
    engine->round.doubt = (struct doubt){.open = false};
}

void withheld_head(struct engine *engine)
{
    struct doubt *doubt = &engine->round.doubt;
    if (doubt->open) {
        doubt->same = engine->log.statements.size == doubt->at;
        engine->common.wants.fold = true; /* looks again */
    }
}

enum status withheld_look(struct engine *engine)
{
    struct doubt *doubt = &engine->round.doubt;
    struct contradiction found;
    if (!contradicts(engine, &found)) {
        withheld_anew(engine);
        return STATUS_OK;
    }
    if (doubt->open && doubt->same) {
        return accuse(engine, &found);
    }
    *doubt = (struct doubt){.open = true, .at = said_at(engine, &found)};
    engine->common.wants.checkpoint = true;
    /* What was said before the head that stands now is asked for again. */
    engine->common.wants.state |= doubt->at != engine->log.statements.size;
    return STATUS_OK;
}
