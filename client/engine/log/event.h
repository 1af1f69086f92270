/*
 * One event of the access log, checked against its leaf. Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

struct event {
    uint64_t seq;
    struct hash leaf; /* leaf hash in the events log */
    bool damaged;     /* the server cannot read it any more: |open| is empty */
    bool lost;        /* not even its leaf hash is known */
    const Alcove__EventOpen *open;
    const Alcove__EventTarget *target;         /* NULL: withheld from us */
    const Alcove__EventRestricted *restricted; /* likewise */
    struct arena arena;
};

/*
 * Takes the parts apart and checks that those given are those in the leaf. event_free in
 * every case. STATUS_MALFORMED, STATUS_BAD_PROOF, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status event_take(const struct log *log, const Alcove__EventLeaf *leaf,
                                  struct event *out_event);
void event_free(struct event *event);

/* That |leaf| with |seq| is under |seen|. STATUS_BAD_PROOF, STATUS_MALFORMED. */
MUST_CHECK enum status event_included(const struct hash *leaf, uint64_t seq,
                                      const ProtobufCBinaryData *path, size_t path_count,
                                      const struct seen_log *seen);

/*
 * The whole of an EventProof: the newer checkpoint extends the one that |asked| names, the event is
 * in it, and it was written down for this very request: behind everything that was verified when
 * it was asked, and not earlier than any of it. Accepts nothing yet: |out_seen| is for
 * advance_accept().
 */
MUST_CHECK enum status event_prove(const struct log *log, const Alcove__EventProof *proof,
                                   const struct request *asked, struct event *out_event,
                                   struct seen_log *out_seen);
