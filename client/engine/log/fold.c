#include "client/engine/log/fold.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/log/carried.h"
#include "client/engine/log/fact.h"
#include "client/engine/log/secrets.h"

const struct authority_member *fold_self(const struct log *log)
{
    return log->authority == NULL ? NULL
                                  : authority_member(log->authority, &log->common->content->member);
}

static bool is_older(const struct log *log)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        if (!log->facts[i].folded && log->facts[i].seq < log->folded_seq) {
            return true;
        }
    }
    return false;
}

/* What a rebuilt authority must be told again: ends by the clock are no statements. */
static enum status again(struct log *log)
{
    struct authority *authority = NULL;
    enum status status = authority_new(&log->common->practice, AUTHORITY_KEEP_SEALS, &authority);
    if (status != STATUS_OK) {
        return status;
    }
    authority_free(log->authority);
    log->authority = authority;
    log->folded_seq = 0;
    return STATUS_OK;
}

static enum status refused(const struct fact *fact, enum status status,
                           const struct authority_result *result, struct fold_refusal *out)
{
    const struct statement_rule *rule = statement_rule(fact->type);
    *out = (struct fold_refusal){
        .status = status, .posing = status == STATUS_EQUIVOCATION, .subject = result->subject};
    (void)snprintf(out->evidence, sizeof out->evidence, "%s at log index %llu: %s",
                   rule != NULL ? rule->name : "statement", (unsigned long long)fact->seq,
                   authority_reason_text(result->reason));
    return status;
}

static enum status doubted(const struct fact *fact, enum status status, const char *why,
                           struct fold_refusal *out)
{
    *out = (struct fold_refusal){.status = status};
    (void)snprintf(out->evidence, sizeof out->evidence, "log index %llu: %s",
                   (unsigned long long)fact->seq, why);
    return status;
}

/* What the author had seen of both logs (decision 24). Nobody can have seen a statement that came
 * after their own, whatever the server shows to whom; the rest as for revisions. */
static enum status check_seen(struct log *log, const struct fact *fact,
                              struct fold_refusal *out_refusal)
{
    struct statement statement;
    enum status status =
        statement_parse(span_of(fact->bytes, fact->size), &log->common->practice, &statement);
    if (status == STATUS_OK && statement.link.has_seen) {
        const struct seen *seen = &statement.link.seen;
        status = seen->statements_size > fact->seq
                     ? STATUS_EQUIVOCATION
                     : carried_check(log, &statement.link.device, seen);
        if (status == STATUS_OK) {
            carried_take(log, &statement.link.device, seen);
        } else if (!alarm_is_ours(status)) {
            status = doubted(fact, status, "its author was shown another history", out_refusal);
        }
    }
    statement_free(&statement);
    return status;
}

/* In the order of the log, which is the order of time. A fact that was folded before is not
 * verified again: its signature was checked when it came, and only then was it stored. */
static enum status fold_from(struct log *log, struct fold_refusal *out_refusal)
{
    for (size_t i = 0; i < log->fact_count; i++) {
        struct fact *fact = &log->facts[i];
        if (fact->seq < log->folded_seq) {
            continue;
        }
        if (i > 0 && fact->time_ms < log->facts[i - 1].time_ms) {
            return doubted(fact, STATUS_BAD_CHAIN, "its time lies before that of an earlier one",
                           out_refusal);
        }
        if (!fact->folded && fact->seq >= log->floor.size && fact->time_ms < log->floor.time_ms) {
            return doubted(fact, STATUS_BAD_CHAIN, "its time lies before that of an earlier event",
                           out_refusal);
        }
        struct authority_result result;
        enum status status = authority_admit(
            log->authority, span_of(fact->bytes, fact->size), fact->seq, fact->time_ms,
            fact->folded ? AUTHORITY_VERIFIED : AUTHORITY_VERIFY, &result);
        if (alarm_is_ours(status)) {
            return status;
        }
        if (status != STATUS_OK) {
            return refused(fact, status, &result, out_refusal);
        }
        if (!fact->folded) {
            status = check_seen(log, fact, out_refusal);
            if (status != STATUS_OK) {
                return status;
            }
        }
        fact->folded = true;
        log->folded_seq = fact->seq + 1;
        clock_saw_leaf(log->common, fact->time_ms);
    }
    return STATUS_OK;
}

/* The root's newest word on the server's keys becomes the pin (decision 21). */
static void take_pins(struct log *log)
{
    const struct statement_server_keys *keys = authority_server_keys(log->authority);
    if (keys == NULL) {
        return;
    }
    struct keystore_pins pins = {.login_key = keys->login_key,
                                 .login_key_next = keys->login_next,
                                 .log_key = keys->log_key,
                                 .log_key_next = keys->log_next,
                                 .tls_key = keys->tls_pin,
                                 .tls_key_next = keys->tls_next};
    if (memcmp(&pins, &log->common->content->pins, sizeof pins) != 0) {
        log->common->content->pins = pins;
        common_changed(log->common);
    }
}

enum status fold_run(struct log *log, struct fold_refusal *out_refusal)
{
    *out_refusal = (struct fold_refusal){.status = STATUS_OK};
    enum status status = STATUS_OK;
    if (log->authority == NULL || is_older(log)) {
        status = again(log);
    }
    if (status == STATUS_OK) {
        status = fold_from(log, out_refusal);
    }
    if (status != STATUS_OK) {
        fact_drop_unfolded(log);
        return status;
    }
    take_pins(log);
    if (log->next_floor.size > log->floor.size) {
        log->floor = log->next_floor;
    }
    return secrets_take(log);
}
