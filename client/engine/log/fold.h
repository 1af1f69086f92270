/*
 * Facts into the authority: who is who, and who may do what. Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

/* Why a statement of the log does not hold. The caller raises the alarm: a person is named in it,
 * and names are kept in a room above. */
struct fold_refusal {
    enum status status; /* STATUS_OK: none */
    bool posing;        /* there are two identities for |subject| */
    struct member_id subject;
    char evidence[ENGINE_ALARM_CHARS_MAX];
};

/* Brings the authority up to all facts; starts again when an older chain appeared. What was not
 * folded is forgotten on failure. Our own troubles leave |out_refusal| at STATUS_OK. */
MUST_CHECK enum status fold_run(struct log *log, struct fold_refusal *out_refusal);
/* Our own member; NULL before our chain was folded. */
const struct authority_member *fold_self(const struct log *log);
