/*
 * The statements that we may see: taken in against their leaves, stored, loaded. Internal to the
 * engine.
 */
#pragma once

#include "client/engine/log/log.h"

MUST_CHECK enum status fact_load(struct log *log);
/* Takes the statements of a chain, in order; that the server shows none is an alarm. */
MUST_CHECK enum status fact_reply(struct log *log, const struct request *request,
                                  const Alcove__ChainReply *reply);
/* The time of the newest one here with an index below |seq|; 0: there is none. */
uint64_t fact_time_below(const struct log *log, uint64_t seq);
/* Stores what was accepted of the leaves, and folded of the statements, and is not stored yet, in
 * one transaction. */
MUST_CHECK enum status fact_store(struct log *log);
/* Forgets what was received and not folded. */
void fact_drop_unfolded(struct log *log);
/* Frees facts and chains. */
void fact_deinit(struct log *log);
