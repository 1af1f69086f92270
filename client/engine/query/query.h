/*
 * What can be asked of the access log, and what is told of the answer: the types that api/query.h
 * hands on to whoever asks. No functions.
 */
#pragma once

#include "client/engine/common/types.h"
#include "proto/alcove.pb-c.h"

struct query_terms {
    uint32_t scope; /* ACTION_LOG_OWN, ACTION_LOG_CHART or ACTION_LOG_ALL */
    struct chart_id chart;
    struct member_id actor; /* zero: anybody; likewise below */
    struct section_id section;
    uint32_t action, outcome;
    uint64_t time_from_ms, time_to_ms;
    uint64_t after; /* event seq; for a chart: its running number */
    uint32_t limit; /* 0: everything */
};

/* One event. The parts that are withheld from us are NULL. Borrowed for the call. */
struct query_event {
    uint64_t seq;
    struct hash leaf;
    const Alcove__EventOpen *open;
    const Alcove__EventTarget *target;
    const Alcove__EventRestricted *restricted;
};
typedef bool query_visit(void *visitor, const struct query_event *event);

struct query_verdict {
    enum status status;   /* STATUS_OK: proved */
    uint64_t events;      /* looked at */
    uint64_t first, last; /* of them: chart numbers, or seqs */
    uint64_t before;      /* proved earlier, and not read again */
    uint64_t whole_ms; /* when what was proved earlier was read from the beginning, by our clock */
    uint64_t size;     /* of the checkpoint that it was proved against */
    struct hash root;
    uint64_t charts, sections;           /* auditor: whose running numbers hold, in all */
    char reason[ENGINE_ALARM_CHARS_MAX]; /* what failed, or what was shown */
};

/* Called for each file of the export, |path| relative ("tile/0/000"). False stops. */
typedef bool query_write_file(void *writer, const char *path, struct span bytes);
