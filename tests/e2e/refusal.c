#include "tests/e2e/refusal.h"

#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/test.h"

void refusal_start(struct refusal *refusal)
{
    memset(refusal, 0, sizeof *refusal);
    live_start(&refusal->live);
    live_join(&refusal->live, refusal->live.admin_code, &refusal->admin);
    live_sync(&refusal->admin);
    cast_invite(&refusal->admin, ROLE_THERAPIST, "Olga", &refusal->owner);
    cast_invite(&refusal->admin, ROLE_THERAPIST, "Sven", &refusal->stranger);
    cast_delegate(&refusal->admin, &refusal->owner);
    cast_invite(&refusal->owner, ROLE_CLIENT, "Cleo", &refusal->client);
    cast_invite(&refusal->owner, ROLE_CLIENT, "Otto", &refusal->other);
    (void)cast_relate(&refusal->admin, &refusal->client, &refusal->owner, RELATION_TREATS);
    refusal->section =
        cast_section(&refusal->owner, CLASS_PROGRESS, &refusal->chart, &refusal->client);
    uint64_t ticket = 0;
    refusal->note =
        cast_write_later(&refusal->owner, &refusal->section, NULL, span_of("a note", 6), &ticket);
    live_done(&refusal->owner, ticket);
    struct engine_ticket info;
    engine_ticket(refusal->owner.engine, ticket, &info);
    refusal->link = info.object;
    mirror_open(&refusal->live, &refusal->mirror);
}

void refusal_stop(struct refusal *refusal)
{
    mirror_close(&refusal->mirror);
    live_stop(&refusal->live);
}

const char *refusal_name(enum refusal_kind kind)
{
    static const char *const names[REFUSAL_KINDS] = {"page",         "opened", "write",    "grant",
                                                     "revoke",       "rotate", "reseal",   "chain",
                                                     "member-chain", "events", "subscribe"};
    return names[kind];
}

static struct live_reply *ask_page(struct live_person *who, const struct section_id *section)
{
    Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
    ask.section = field_of(section->bytes, ID_BYTES);
    ask.from = 1;
    return live_ask(who, OP_PAGE, &ask.base);
}

static struct live_reply *ask_chain(struct live_person *who, const struct chain_label *label)
{
    Alcove__ChainAsk ask = ALCOVE__CHAIN_ASK__INIT;
    ask.label = field_of(label->bytes, HASH_BYTES);
    return live_ask(who, OP_CHAIN, &ask.base);
}

static struct live_reply *ask_events(struct live_person *who, const struct chart_id *chart)
{
    Alcove__EventsAsk ask = ALCOVE__EVENTS_ASK__INIT;
    ask.scope = ACTION_LOG_CHART;
    ask.chart = field_of(chart->bytes, ID_BYTES);
    ask.limit = 16;
    return live_ask(who, OP_EVENTS, &ask.base);
}

static struct live_reply *ask_subscribe(struct live_person *who, const struct section_id *section)
{
    Alcove__SubscribeAsk ask = ALCOVE__SUBSCRIBE_ASK__INIT;
    ProtobufCBinaryData one = field_of(section->bytes, ID_BYTES);
    ask.n_section = 1;
    ask.section = &one;
    return live_ask(who, OP_SUBSCRIBE, &ask.base);
}

/* Of the section, or of its client. */
static struct chain_label label_of(const struct refusal *refusal, bool section)
{
    const struct authority_section *facts =
        authority_section(refusal->mirror.authority, &refusal->section);
    const struct authority_member *member =
        authority_member(refusal->mirror.authority, &refusal->client.content.member);
    assert_non_null(facts);
    assert_non_null(member);
    return section ? facts->label : member->label;
}

static struct live_reply *forged(struct refusal *refusal, struct live_person *who,
                                 enum refusal_kind kind, bool absent)
{
    const struct section_id *section = &refusal->section;
    const struct live_person *owner = &refusal->owner;
    struct forge forge;
    forge_init(&refusal->mirror, who, &forge);
    forge.absent = absent;
    if (kind == REFUSAL_OPENED) {
        return forge_opened(&forge, section, &refusal->note, &refusal->link);
    }
    if (kind == REFUSAL_GRANT) {
        return forge_grant(&forge, section, &who->content.member, RIGHT_READ);
    }
    if (kind == REFUSAL_REVOKE) {
        return forge_revoke(&forge, section, &owner->content.member);
    }
    if (kind == REFUSAL_ROTATE) {
        return forge_rotate(&forge, section);
    }
    if (kind == REFUSAL_RESEAL) {
        return forge_reseal(&forge, section, &owner->content.device_statement);
    }
    return forge_write(&forge, section, REVISION_DRAFT, NULL, NULL);
}

struct live_reply *refusal_ask(struct refusal *refusal, struct live_person *who,
                               enum refusal_kind kind, bool absent)
{
    struct section_id section;
    random_bytes(section.bytes, sizeof section.bytes);
    struct chart_id chart;
    random_bytes(chart.bytes, sizeof chart.bytes);
    struct chain_label label;
    random_bytes(label.bytes, sizeof label.bytes);
    if (!absent) {
        section = refusal->section;
        chart = refusal->chart;
        label = label_of(refusal, kind == REFUSAL_CHAIN);
    }
    if (kind == REFUSAL_PAGE) {
        return ask_page(who, &section);
    }
    if (kind == REFUSAL_CHAIN || kind == REFUSAL_MEMBER_CHAIN) {
        return ask_chain(who, &label);
    }
    if (kind == REFUSAL_EVENTS) {
        return ask_events(who, &chart);
    }
    if (kind == REFUSAL_SUBSCRIBE) {
        return ask_subscribe(who, &section);
    }
    return forged(refusal, who, kind, absent);
}
