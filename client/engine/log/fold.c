#include "client/engine/common/inside.h"

const struct authority_member *fold_self(const struct engine *engine)
{
    return engine->authority == NULL
               ? NULL
               : authority_member(engine->authority, &engine->content->member);
}

static bool is_older(const struct engine *engine)
{
    for (size_t i = 0; i < engine->fact_count; i++) {
        if (!engine->facts[i].folded && engine->facts[i].seq < engine->folded_seq) {
            return true;
        }
    }
    return false;
}

/* What a rebuilt authority must be told again: ends by the clock are no statements. */
static enum status again(struct engine *engine)
{
    struct authority *authority = NULL;
    enum status status = authority_new(&engine->practice, AUTHORITY_KEEP_SEALS, &authority);
    if (status != STATUS_OK) {
        return status;
    }
    authority_free(engine->authority);
    engine->authority = authority;
    engine->folded_seq = 0;
    return STATUS_OK;
}

/* Shown by name: it is that person whom somebody may be posing as (decision 2). */
static enum status two_identities(struct engine *engine, const struct member_id *member,
                                  const char *evidence)
{
    char name[NAME_BYTES_MAX];
    char reason[ENGINE_ALARM_CHARS_MAX];
    name_say(engine, member, name);
    (void)snprintf(reason, sizeof reason,
                   "There are two identities for %s: somebody may be posing as this person. "
                   "Nothing is sealed to either.",
                   name);
    return alarm_stop(engine, STATUS_EQUIVOCATION, reason, evidence);
}

static enum status refused(struct engine *engine, const struct fact *fact, enum status status,
                           const struct authority_result *result)
{
    char evidence[ENGINE_ALARM_CHARS_MAX];
    const struct statement_rule *rule = statement_rule(fact->type);
    (void)snprintf(evidence, sizeof evidence, "%s at log index %llu: %s",
                   rule != NULL ? rule->name : "statement", (unsigned long long)fact->seq,
                   authority_reason_text(result->reason));
    if (status == STATUS_EQUIVOCATION) {
        return two_identities(engine, &result->subject, evidence);
    }
    return alarm_stop(engine, status,
                      "A statement in the log does not hold: its signer may not say this.",
                      evidence);
}

static enum status fold_from(struct engine *engine)
{
    for (size_t i = 0; i < engine->fact_count; i++) {
        struct fact *fact = &engine->facts[i];
        if (fact->seq < engine->folded_seq) {
            continue;
        }
        struct authority_result result;
        enum status status = authority_admit(
            engine->authority, span_of(fact->bytes, fact->size), fact->seq, fact->time_ms,
            fact->folded ? AUTHORITY_VERIFIED : AUTHORITY_VERIFY, &result);
        if (alarm_is_ours(status)) {
            return status;
        }
        if (status != STATUS_OK) {
            return refused(engine, fact, status, &result);
        }
        fact->folded = true;
        engine->folded_seq = fact->seq + 1;
        advance_time(engine, fact->time_ms);
    }
    return STATUS_OK;
}

/* The root's newest word on the server's keys becomes the pin (decision 21). */
static void take_pins(struct engine *engine)
{
    const struct statement_server_keys *keys = authority_server_keys(engine->authority);
    if (keys == NULL) {
        return;
    }
    struct keystore_pins pins = {.login_key = keys->login_key,
                                 .login_key_next = keys->login_next,
                                 .log_key = keys->log_key,
                                 .log_key_next = keys->log_next,
                                 .tls_key = keys->tls_pin,
                                 .tls_key_next = keys->tls_next};
    if (memcmp(&pins, &engine->content->pins, sizeof pins) != 0) {
        engine->content->pins = pins;
        if (engine->config.content_changed != NULL) {
            engine->config.content_changed(engine->config.context);
        }
    }
}

enum status fold_run(struct engine *engine)
{
    enum status status = STATUS_OK;
    if (engine->authority == NULL || is_older(engine)) {
        status = again(engine);
    }
    if (status == STATUS_OK) {
        status = fold_from(engine);
    }
    if (status != STATUS_OK) {
        fact_drop_unfolded(engine);
        return status;
    }
    take_pins(engine);
    return STATUS_OK;
}
