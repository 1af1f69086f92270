/*
 * What an evil server has in its hands: the honest server's database, past all judgement;
 * copies of it from any day; the requests of others before they arrive; keys of insiders who
 * help it. And what must be left of a client that met it.
 *
 * Statements and revisions are planted so that leaves, heads, events, proofs and checkpoints
 * all fit: a client must find out by what the planted thing says. Failures that are nobody's
 * behaviour fail the running cmocka test. One thread.
 */
#pragma once

#include "client/engine/common/statement_make.h"
#include "tests/unit/engine/scene.h"

/* ---- what is on its way */

/* A submit that its author's engine made and that never reached the server. */
struct kit_submit {
    struct arena arena;
    Alcove__SubmitAsk *ask;
    struct core_peer peer; /* who sent it */
};
/* Connects |person| and carries frames until the first submit; then the connection is gone. */
void kit_capture(struct inproc_person *person, struct kit_submit *out_submit);
void kit_submit_free(struct kit_submit *submit);

/* ---- forging */

/* Changes a body before it is signed again; |context| is the test's. */
typedef void kit_change(void *context, ProtobufCMessage *body);
/* |statement| with its body changed (|change| may be NULL), signed by |signers| under the label
 * of its type; |type| 0: its own type. The caller frees it with make_free. */
struct made kit_resign(const struct inproc *server, struct span statement, uint32_t type,
                       kit_change *change, void *context,
                       const struct identity_signer *const *signers, size_t count);

/* ---- the server's database */

/* Appends a statement to its chain, the log and, for a section's, the section's log. */
void kit_plant_statement(struct inproc *server, const struct core_peer *peer, struct span bytes);
/* The same with a time in its leaf that lies |back_ms| before the present. */
void kit_plant_statement_late(struct inproc *server, const struct core_peer *peer,
                              struct span bytes, uint64_t back_ms);
/* Appends a revision to the log of |section|. */
void kit_plant_revision(struct inproc *server, const struct core_peer *peer,
                        const struct section_id *section, const Alcove__Revision *revision);
/* The same, written down at a time that lies |back_ms| before the present. */
void kit_plant_revision_late(struct inproc *server, const struct core_peer *peer,
                             const struct section_id *section, const Alcove__Revision *revision,
                             uint64_t back_ms);
/* What was planted is served from the database; whom it lets in is judged only by a server that
 * reads it again, as after a restart. */
void kit_reload(struct inproc *server);
/* Appends events that say nothing, to be longer than somebody remembers. */
void kit_grow(struct inproc *server, size_t events);
/* The server as it is now, under the same keys, to live on beside the other. */
void kit_fork(struct inproc *server, struct inproc *out_fork);
/* Nobody may be connected to it any more. */
void kit_fork_close(struct inproc *fork);
/* From now on |person| talks to that one. */
void kit_move(struct inproc_person *person, struct inproc *server);

/* ---- the client */

struct kit_before {
    struct hash content; /* sections, entries, revisions, outbox, drafts */
    size_t statements;
    size_t statements_more; /* that may be kept: they stand in the log and hold in themselves */
    size_t outbox;
};
struct kit_before kit_before(struct inproc_person *person);
/* Syncs |victim|: it must stop with an alarm, send nothing more, and hold what it held, and
 * |statements| more statements. |expected| STATUS_OK: any alarm. Returns the status. */
enum status kit_refuses(struct inproc_person *victim, enum status expected, size_t statements);
/* The same for a run that was made already. */
enum status kit_refused(struct inproc_person *victim, const struct kit_before *before,
                        enum status status, enum status expected);
