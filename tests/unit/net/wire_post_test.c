/* Where the caller and the line meet, without a network: order, bounds and who waits. */
#include "client/wire/post.h"
#include "tests/support/test.h"

#include <time.h>

#define BYTES (64u * 1024u)
#define MANY  400u

static struct post post;

static struct post_message *message_of(uint32_t number, size_t size)
{
    struct post_message *message = malloc(sizeof *message + size);
    CHECK(message != NULL && size >= sizeof number);
    message->size = size;
    message->capacity = size;
    memset(message->bytes, 0, size);
    memcpy(message->bytes, &number, sizeof number);
    return message;
}

static uint32_t number_of(const struct post_message *message)
{
    uint32_t number;
    memcpy(&number, message->bytes, sizeof number);
    return number;
}

/* Connected as far as the line knows; the connection's number. */
static uint64_t connect_post(void)
{
    const struct post_target target = {.host = "example", .port = 7};
    post_connect(&post, &target);
    (void)post_tell(&post);
    struct post_orders orders;
    post_look(&post, &orders);
    assert_true(orders.wanted);
    assert_string_equal(orders.target.host, "example");
    assert_int_equal(orders.target.port, 7);
    return orders.connection;
}

static enum post_kind next_kind(void)
{
    struct post_news news;
    post_take(&post, &news);
    if (news.kind == POST_MESSAGE) {
        free(news.message);
    }
    return news.kind;
}

static const struct post_news OPENED = {.kind = POST_OPENED, .exporter = {1, 2, 3}};
static const struct post_news ENDED = {
    .kind = POST_ENDED, .why = WIRE_END_SERVER, .close_code = 4000};

/* Goal: news comes in the order opened, messages, ended, each once. */
static void test_order(void **state)
{
    (void)state;
    assert_int_equal(post_init(&post, 100), STATUS_OK);
    uint64_t connection = connect_post();
    assert_false(post_has_news(&post));
    post_opened(&post, connection, &OPENED);
    for (uint32_t i = 0; i < 3; i++) {
        assert_false(post_message(&post, connection, message_of(i, 10)));
    }
    post_ended(&post, connection, &ENDED);
    assert_true(post_has_news(&post));
    struct post_news news;
    post_take(&post, &news);
    assert_int_equal(news.kind, POST_OPENED);
    assert_memory_equal(news.exporter, OPENED.exporter, WIRE_EXPORTER_BYTES);
    for (uint32_t i = 0; i < 3; i++) {
        post_take(&post, &news);
        assert_int_equal(news.kind, POST_MESSAGE);
        assert_int_equal(news.message->size, 10);
        assert_int_equal(number_of(news.message), i);
        free(news.message);
    }
    assert_int_equal(post_waiting_bytes(&post), 0);
    post_take(&post, &news);
    assert_int_equal(news.kind, POST_ENDED);
    assert_int_equal(news.why, WIRE_END_SERVER);
    assert_int_equal(news.close_code, 4000);
    assert_int_equal(next_kind(), POST_NOTHING);
    assert_false(post_has_news(&post));
    post_broken(&post);
    assert_int_equal(next_kind(), POST_BROKEN);
    assert_int_equal(next_kind(), POST_BROKEN);
    post_deinit(&post);
}

/* Goal: nothing of an earlier connection comes once another is wanted or none, whether
 * it was there already or is left afterwards. */
static void test_earlier_connection(void **state)
{
    (void)state;
    assert_int_equal(post_init(&post, 100), STATUS_OK);
    for (uint32_t way = 0; way < 2; way++) {
        uint64_t earlier = connect_post();
        post_opened(&post, earlier, &OPENED);
        assert_false(post_message(&post, earlier, message_of(1, 10)));
        post_ended(&post, earlier, &ENDED);
        if (way == 1) {
            post_drop(&post);
            assert_false(post_has_news(&post));
        }
        uint64_t later = connect_post();
        assert_true(later > earlier);
        post_opened(&post, earlier, &OPENED);
        assert_false(post_message(&post, earlier, message_of(2, 10)));
        post_ended(&post, earlier, &ENDED);
        assert_false(post_has_news(&post));
        assert_int_equal(post_waiting_bytes(&post), 0);
        post_opened(&post, later, &OPENED);
        assert_int_equal(next_kind(), POST_OPENED);
    }
    post_deinit(&post);
}

/* Goal: after the goodbye was ordered no message comes, but the end does. */
static void test_close(void **state)
{
    (void)state;
    assert_int_equal(post_init(&post, 100), STATUS_OK);
    uint64_t connection = connect_post();
    assert_false(post_message(&post, connection, message_of(1, 10)));
    assert_int_equal(post_send(&post, span_of("last", 4)), STATUS_OK);
    post_close(&post);
    assert_false(post_message(&post, connection, message_of(2, 10)));
    assert_int_equal(post_waiting_bytes(&post), 0);
    assert_int_equal(next_kind(), POST_NOTHING);
    uint8_t buffer[QUEUE_FRAGMENT_BYTES];
    struct packing_piece piece;
    assert_false(post_next_piece(&post, buffer, &piece));
    assert_int_equal(piece.size, 8);
    assert_true(post_next_piece(&post, buffer, &piece));
    post_ended(&post, connection, &ENDED);
    assert_int_equal(next_kind(), POST_ENDED);
    post_deinit(&post);
}

/* Goal: frames are kept until post_tell, count against the limit before and after, and
 * the line is to be woken once until it looks. */
static void test_send(void **state)
{
    (void)state;
    assert_int_equal(post_init(&post, 100), STATUS_OK);
    (void)connect_post();
    assert_int_equal(post_send(&post, span_of("0123456789", 10)), STATUS_OK);
    assert_int_equal(post_send(&post, span_of("0123456789", 10)), STATUS_OK);
    uint8_t buffer[QUEUE_FRAGMENT_BYTES];
    struct packing_piece piece;
    assert_false(post_next_piece(&post, buffer, &piece));
    assert_int_equal(piece.size, 0);
    assert_true(post_tell(&post));
    assert_int_equal(post_send(&post, span_of("0123456789", 10)), STATUS_OK);
    assert_false(post_tell(&post));
    struct post_orders orders;
    post_look(&post, &orders);
    assert_true(orders.sending);
    for (uint32_t i = 3; i < 10; i++) {
        assert_int_equal(post_send(&post, span_of("0123456789", 10)), STATUS_OK);
    }
    assert_int_equal(post_queued_bytes(&post), 100);
    assert_int_equal(post_send(&post, span_of("0", 1)), STATUS_BUSY);
    assert_false(post_next_piece(&post, buffer, &piece));
    assert_int_equal(piece.size, 3 * 14);
    assert_int_equal(post_queued_bytes(&post), 70);
    assert_int_equal(post_send(&post, span_of("0", 1)), STATUS_OK);
    assert_true(post_tell(&post));
    post_drop(&post);
    assert_int_equal(post_queued_bytes(&post), 0);
    post_deinit(&post);
}

struct sender {
    pthread_t thread;
    uint64_t connection;
    uint32_t waited;
};

static void *send_many(void *data)
{
    struct sender *sender = data;
    for (uint32_t i = 0; i < MANY; i++) {
        sender->waited += post_message(&post, sender->connection, message_of(i, BYTES)) ? 1 : 0;
    }
    return NULL;
}

static void start_sender(struct sender *sender)
{
    *sender = (struct sender){.connection = connect_post()};
    assert_int_equal(pthread_create(&sender->thread, NULL, send_many, sender), 0);
}

/* Gives the other thread time; nothing is asserted about it. */
static void pause_ms(long ms)
{
    const struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void wait_until_full(void)
{
    for (uint32_t i = 0; i < 20000 && post_waiting_bytes(&post) <= POST_MESSAGE_BYTES_MAX; i++) {
        pause_ms(1);
    }
    pause_ms(20);
    assert_true(post_waiting_bytes(&post) > POST_MESSAGE_BYTES_MAX);
    assert_true(post_waiting_bytes(&post) <=
                POST_MESSAGE_BYTES_MAX + BYTES + sizeof(struct post_message));
}

/* Goal: at most the limit and one message wait, however much more the line has; all of it
 * comes in order. Method: 25 MiB against a caller that pauses. */
static void test_bound(void **state)
{
    (void)state;
    assert_int_equal(post_init(&post, 100), STATUS_OK);
    struct sender sender;
    start_sender(&sender);
    wait_until_full();
    uint32_t next = 0;
    while (next < MANY) {
        assert_true(post_waiting_bytes(&post) <=
                    POST_MESSAGE_BYTES_MAX + BYTES + sizeof(struct post_message));
        struct post_news news;
        post_take(&post, &news);
        if (news.kind == POST_MESSAGE) {
            assert_int_equal(number_of(news.message), next);
            next++;
            free(news.message);
        }
        if (next % 50 == 0) {
            pause_ms(1);
        }
    }
    assert_int_equal(pthread_join(sender.thread, NULL), 0);
    assert_true(sender.waited > 0);
    assert_int_equal(post_waiting_bytes(&post), 0);
    post_deinit(&post);
}

/* Goal: a line that waits for room goes on when what it has is of no interest any more.
 * Method: each way to lose interest; the thread must end. */
static void test_no_longer_of_interest(void **state)
{
    static void (*const WAYS[])(struct post *) = {post_close, post_drop, post_stop};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WAYS); i++) {
        assert_int_equal(post_init(&post, 100), STATUS_OK);
        struct sender sender;
        start_sender(&sender);
        wait_until_full();
        WAYS[i](&post);
        assert_int_equal(pthread_join(sender.thread, NULL), 0);
        assert_int_equal(post_waiting_bytes(&post), 0);
        assert_int_equal(sender.waited, 1);
        post_deinit(&post);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order), cmocka_unit_test(test_earlier_connection),
        cmocka_unit_test(test_close), cmocka_unit_test(test_send),
        cmocka_unit_test(test_bound), cmocka_unit_test(test_no_longer_of_interest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
