#include "client/wire/post.h"

#include <sys/eventfd.h>
#include <unistd.h>

static void lock(struct post *post)
{
    CHECK(pthread_mutex_lock(&post->lock) == 0);
}

static void unlock(struct post *post)
{
    CHECK(pthread_mutex_unlock(&post->lock) == 0);
}

enum status post_init(struct post *post, size_t queued_bytes_max)
{
    *post = (struct post){.queued_bytes_max = queued_bytes_max};
    post->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (post->bell < 0) {
        return STATUS_IO;
    }
    CHECK(pthread_mutex_init(&post->lock, NULL) == 0);
    CHECK(pthread_cond_init(&post->room, NULL) == 0);
    return STATUS_OK;
}

/* ---- under the lock */

static size_t cost_of(const struct post_message *message)
{
    return sizeof *message + message->capacity;
}

static struct post_message *take_message(struct post *post)
{
    struct post_message *message = post->first;
    post->first = message->next;
    if (post->first == NULL) {
        post->last = NULL;
    }
    post->message_bytes -= cost_of(message);
    if (post->message_bytes <= POST_MESSAGE_BYTES_MAX / 2) {
        CHECK(pthread_cond_signal(&post->room) == 0);
    }
    return message;
}

static void drop_messages(struct post *post)
{
    while (post->first != NULL) {
        free(take_message(post));
    }
}

static void forget(struct post *post)
{
    drop_messages(post);
    queue_clear(&post->kept);
    queue_clear(&post->out);
    post->closing = false;
    post->opened = false;
    post->ended = false;
    post->orders.connection++;
    post->orders.wanted = false;
    CHECK(pthread_cond_signal(&post->room) == 0);
}

static bool has_news(const struct post *post)
{
    return post->opened || post->first != NULL || post->ended || post->broken;
}

/* ---- the caller's */

void post_deinit(struct post *post)
{
    forget(post);
    CHECK(pthread_cond_destroy(&post->room) == 0);
    CHECK(pthread_mutex_destroy(&post->lock) == 0);
    (void)close(post->bell);
}

void post_connect(struct post *post, const struct post_target *target)
{
    lock(post);
    forget(post);
    post->orders.wanted = true;
    post->orders.target = *target;
    unlock(post);
}

void post_drop(struct post *post)
{
    lock(post);
    forget(post);
    unlock(post);
}

void post_close(struct post *post)
{
    lock(post);
    queue_append(&post->out, &post->kept);
    post->closing = true;
    post->opened = false;
    drop_messages(post);
    CHECK(pthread_cond_signal(&post->room) == 0);
    unlock(post);
}

void post_stop(struct post *post)
{
    lock(post);
    forget(post);
    post->orders.stop = true;
    unlock(post);
}

size_t post_queued_bytes(struct post *post)
{
    lock(post);
    size_t bytes = post->kept.bytes + post->out.bytes;
    unlock(post);
    return bytes;
}

size_t post_waiting_bytes(struct post *post)
{
    lock(post);
    size_t bytes = post->message_bytes;
    unlock(post);
    return bytes;
}

enum status post_send(struct post *post, struct span frame)
{
    if (frame.size > post->queued_bytes_max - post_queued_bytes(post)) {
        return STATUS_BUSY;
    }
    return queue_add(&post->kept, frame);
}

bool post_tell(struct post *post)
{
    lock(post);
    queue_append(&post->out, &post->kept);
    bool wake = !post->line_told;
    post->line_told = true;
    unlock(post);
    return wake;
}

bool post_has_news(struct post *post)
{
    lock(post);
    bool news = has_news(post);
    post->caller_waits = !news;
    unlock(post);
    return news;
}

void post_take(struct post *post, struct post_news *out_news)
{
    *out_news = (struct post_news){.kind = POST_NOTHING};
    lock(post);
    if (post->opened) {
        post->opened = false;
        *out_news = post->opening;
    } else if (post->first != NULL) {
        out_news->kind = POST_MESSAGE;
        out_news->message = take_message(post);
    } else if (post->ended) {
        post->ended = false;
        *out_news = post->end;
    } else if (post->broken) {
        out_news->kind = POST_BROKEN;
    }
    unlock(post);
}

void post_hush(struct post *post)
{
    eventfd_t rung;
    (void)eventfd_read(post->bell, &rung);
}

void post_ring(struct post *post)
{
    (void)eventfd_write(post->bell, 1);
}

/* ---- the line's */

/* Unlocks, and rings the bell if the caller waits for it: while the caller is busy, a system call
 * for each message would be wasted. */
static void unlock_and_tell(struct post *post)
{
    bool ring = post->caller_waits && has_news(post);
    if (ring) {
        post->caller_waits = false;
    }
    unlock(post);
    if (ring) {
        post_ring(post);
    }
}

void post_look(struct post *post, struct post_orders *out_orders)
{
    lock(post);
    post->line_told = false;
    *out_orders = post->orders;
    out_orders->sending = post->closing || post->out.head != NULL;
    unlock(post);
}

bool post_next_piece(struct post *post, uint8_t *buffer, struct packing_piece *out_piece)
{
    lock(post);
    queue_fill(&post->out, buffer, out_piece);
    bool goodbye = out_piece->size == 0 && post->closing;
    unlock(post);
    return goodbye;
}

void post_opened(struct post *post, uint64_t connection, const struct post_news *news)
{
    lock(post);
    if (connection == post->orders.connection) {
        post->opening = *news;
        post->opened = true;
    }
    unlock_and_tell(post);
}

static bool is_of_interest(const struct post *post, uint64_t connection)
{
    return connection == post->orders.connection && !post->closing && !post->orders.stop;
}

bool post_message(struct post *post, uint64_t connection, struct post_message *message)
{
    lock(post);
    if (!is_of_interest(post, connection)) {
        unlock(post);
        free(message);
        return false;
    }
    message->next = NULL;
    if (post->last == NULL) {
        post->first = message;
    } else {
        post->last->next = message;
    }
    post->last = message;
    post->message_bytes += cost_of(message);
    bool waited = post->message_bytes > POST_MESSAGE_BYTES_MAX;
    unlock_and_tell(post);
    if (waited) {
        lock(post);
        while (is_of_interest(post, connection) &&
               post->message_bytes > POST_MESSAGE_BYTES_MAX / 2) {
            CHECK(pthread_cond_wait(&post->room, &post->lock) == 0);
        }
        unlock(post);
    }
    return waited;
}

void post_ended(struct post *post, uint64_t connection, const struct post_news *news)
{
    lock(post);
    if (connection == post->orders.connection) {
        post->end = *news;
        post->ended = true;
    }
    unlock_and_tell(post);
}

void post_broken(struct post *post)
{
    lock(post);
    post->broken = true;
    unlock_and_tell(post);
}
