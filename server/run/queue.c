#include "server/run/queue.h"

#include <pthread.h>
#include <time.h>

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct run_request *first;
    struct run_request **last;
    size_t count;
    size_t bytes;
    size_t count_max;
    size_t bytes_max;
    bool shut;
};

enum status queue_new(size_t count_max, size_t bytes_max, struct queue **out_queue)
{
    struct queue *queue = calloc(1, sizeof *queue);
    if (queue == NULL) {
        return STATUS_NO_MEMORY;
    }
    /* Waits are by the monotonic clock: a changed wall clock must not stall commits. */
    CHECK(pthread_mutex_init(&queue->mutex, NULL) == 0);
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&queue->filled, &attributes) == 0);
    (void)pthread_condattr_destroy(&attributes);
    queue->last = &queue->first;
    queue->count_max = count_max;
    queue->bytes_max = bytes_max;
    *out_queue = queue;
    return STATUS_OK;
}

void queue_free(struct queue *queue)
{
    if (queue == NULL) {
        return;
    }
    while (queue->first != NULL) {
        struct run_request *request = queue->first;
        queue->first = request->next;
        run_request_free(request);
    }
    (void)pthread_cond_destroy(&queue->filled);
    (void)pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

static bool fits(const struct queue *queue, const struct run_request *request)
{
    if (queue->shut) {
        return false;
    }
    if (request->closed) {
        return true;
    }
    return queue->count < queue->count_max && queue->bytes + request->bytes <= queue->bytes_max;
}

bool queue_put(struct queue *queue, struct run_request *request)
{
    (void)pthread_mutex_lock(&queue->mutex);
    bool taken = fits(queue, request);
    bool wake = false;
    if (taken) {
        wake = queue->first == NULL;
        request->next = NULL;
        *queue->last = request;
        queue->last = &request->next;
        queue->count++;
        queue->bytes += request->bytes;
    }
    (void)pthread_mutex_unlock(&queue->mutex);
    if (wake) {
        (void)pthread_cond_signal(&queue->filled);
    }
    return taken;
}

static void wait_filled(struct queue *queue, uint32_t wait_ms)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait_ms / 1000u;
    until.tv_nsec += (long)(wait_ms % 1000u) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    while (queue->first == NULL && !queue->shut) {
        if (pthread_cond_timedwait(&queue->filled, &queue->mutex, &until) != 0) {
            return;
        }
    }
}

struct run_request *queue_take(struct queue *queue, uint32_t wait_ms, size_t count_max,
                               size_t bytes_max)
{
    (void)pthread_mutex_lock(&queue->mutex);
    wait_filled(queue, wait_ms);
    struct run_request *batch = queue->first;
    struct run_request **end = &batch;
    size_t count = 0;
    size_t bytes = 0;
    while (*end != NULL && count < count_max &&
           (count == 0 || bytes + (*end)->bytes <= bytes_max)) {
        count++;
        bytes += (*end)->bytes;
        end = &(*end)->next;
    }
    queue->first = *end;
    if (queue->first == NULL) {
        queue->last = &queue->first;
    }
    *end = NULL;
    queue->count -= count;
    queue->bytes -= bytes;
    (void)pthread_mutex_unlock(&queue->mutex);
    return batch;
}

void queue_shut(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    queue->shut = true;
    (void)pthread_mutex_unlock(&queue->mutex);
    (void)pthread_cond_broadcast(&queue->filled);
}

bool queue_is_shut(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->mutex);
    bool shut = queue->shut;
    (void)pthread_mutex_unlock(&queue->mutex);
    return shut;
}
