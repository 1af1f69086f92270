/*
 * The one place where network threads and the committer meet: a bounded queue that
 * requests move through. Many put, one takes everything that waits.
 */
#pragma once

#include "server/run/request.h"

struct queue;

/* STATUS_NO_MEMORY. */
MUST_CHECK enum status queue_new(size_t count_max, size_t bytes_max, struct queue **out_queue);
/* Frees what is still in it. No thread may use it any more. Accepts NULL. */
void queue_free(struct queue *queue);

/* True: moved in. False: full or shut; the request stays the caller's. A request that
 * says its connection is gone always fits, since there is one per connection at most. */
bool queue_put(struct queue *queue, struct run_request *request);

/*
 * Waits until something is there, |wait_ms| has passed or the queue is shut; takes up to
 * the two limits in order (one request at least, whatever its size). NULL: nothing.
 */
struct run_request *queue_take(struct queue *queue, uint32_t wait_ms, size_t count_max,
                               size_t bytes_max);

/* Nothing more goes in; what is there can still be taken. */
void queue_shut(struct queue *queue);
bool queue_is_shut(struct queue *queue);
