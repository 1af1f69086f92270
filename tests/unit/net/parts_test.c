/* The transport's parts that know no sockets, each alone. */
#include "server/net/addresses.h"
#include "server/net/inbound.h"
#include "server/net/inbox.h"
#include "server/net/outbound.h"
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static struct sockaddr_storage ipv4(const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
    struct sockaddr_storage out = {.ss_family = AF_UNSPEC};
    memcpy(&out, &in, sizeof in);
    return out;
}

static struct sockaddr_storage ipv6(const char *text)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    struct sockaddr_storage out = {.ss_family = AF_UNSPEC};
    memcpy(&out, &in6, sizeof in6);
    return out;
}

static bool same_key(struct sockaddr_storage a, struct sockaddr_storage b)
{
    struct address_key key_a = address_key_of(&a);
    struct address_key key_b = address_key_of(&b);
    return memcmp(&key_a, &key_b, sizeof key_a) == 0;
}

/* Goal: whole IPv4 addresses and IPv6 /64s are counted; only /24 and /48 are told;
 * an IPv4 peer on a socket for both families is the same peer. */
static void test_address_cuts(void **state)
{
    struct sockaddr_storage peer = ipv4("192.0.2.77");
    struct net_source source = address_source_of(&peer);
    static const uint8_t V4[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 0};
    static const uint8_t V6[16] = {0x20, 0x01, 0x0d, 0xb8, 0x12, 0x34};
    (void)state;
    assert_memory_equal(source.bytes, V4, 16);
    peer = ipv6("2001:db8:1234:5678:9abc:def0:1:2");
    source = address_source_of(&peer);
    assert_memory_equal(source.bytes, V6, 16);
    assert_true(same_key(ipv6("2001:db8:1:2::1"), ipv6("2001:db8:1:2:ffff::9")));
    assert_false(same_key(ipv6("2001:db8:1:2::1"), ipv6("2001:db8:1:3::1")));
    assert_false(same_key(ipv4("192.0.2.1"), ipv4("192.0.2.2")));
    assert_true(same_key(ipv4("192.0.2.1"), ipv6("::ffff:192.0.2.1")));
    peer = ipv6("::ffff:192.0.2.77");
    source = address_source_of(&peer);
    assert_memory_equal(source.bytes, V4, 16);
}

/* Goal: the counts are right after any order of comings and goings, in a table that
 * is as full as it gets. Method: 200,000 random steps against plain counters. */
static void test_address_counts(void **state)
{
    enum { PEERS = 300, MAX = 128, PER_ADDRESS = 3 };
    (void)state;
    struct addresses *addresses;
    assert_int_equal(addresses_new(MAX, PER_ADDRESS, &addresses), STATUS_OK);
    struct address_key keys[PEERS];
    for (uint32_t i = 0; i < PEERS; i++) {
        memset(&keys[i], 0, sizeof keys[i]);
        packing_put_size(keys[i].bytes, i);
    }
    uint32_t counts[PEERS] = {0};
    uint32_t open = 0;
    for (uint32_t step = 0; step < 200000; step++) {
        uint32_t peer = next_random() % PEERS;
        if (next_random() % 2 == 0) {
            enum status expected = STATUS_OK;
            if (open == MAX) {
                expected = STATUS_BUSY;
            } else if (counts[peer] == PER_ADDRESS) {
                expected = STATUS_REFUSED;
            }
            assert_int_equal(addresses_enter(addresses, &keys[peer]), expected);
            if (expected == STATUS_OK) {
                counts[peer]++;
                open++;
            }
        } else if (counts[peer] > 0) {
            addresses_leave(addresses, &keys[peer]);
            counts[peer]--;
            open--;
        }
    }
    for (uint32_t i = 0; i < PEERS; i++) {
        for (; counts[i] > 0; counts[i]--) {
            addresses_leave(addresses, &keys[i]);
        }
    }
    for (uint32_t i = 0; i < MAX; i++) {
        assert_int_equal(addresses_enter(addresses, &keys[i]), STATUS_OK);
    }
    assert_int_equal(addresses_enter(addresses, &keys[MAX]), STATUS_BUSY);
    addresses_free(addresses);
}

static enum status add(struct inbound *in, const struct inbound_limits *limits, const char *bytes,
                       size_t size, size_t remaining, bool final, bool *out_whole)
{
    const struct inbound_part part = {
        .bytes = span_of(bytes, size), .remaining = remaining, .final = final};
    return inbound_add(in, limits, &part, out_whole);
}

/* Goal: parts make the message whatever their cut, and memory follows what came, not
 * what was claimed. Method: every cut of a message in two parts; claims. */
static void test_inbound(void **state)
{
    static const char MESSAGE[] = "0123456789";
    (void)state;
    const struct inbound_limits limits = {.message_bytes_max = 10, .fragments_max = 3};
    struct inbound in = {.size = 0};
    bool whole = false;
    for (size_t cut = 0; cut <= 10; cut++) {
        assert_int_equal(add(&in, &limits, MESSAGE, cut, 10 - cut, true, &whole), STATUS_OK);
        assert_int_equal(whole, cut == 10);
        if (!whole) {
            assert_int_equal(inbound_rest(&in).size, 0);
            assert_int_equal(add(&in, &limits, MESSAGE + cut, 10 - cut, 0, true, &whole),
                             STATUS_OK);
            assert_true(whole);
        }
        assert_memory_equal(inbound_rest(&in).data, MESSAGE, 10);
        assert_int_equal(inbound_rest(&in).size, 10);
        inbound_took(&in, 4);
        assert_memory_equal(inbound_rest(&in).data, MESSAGE + 4, 6);
        inbound_took(&in, 6);
        assert_null(in.bytes);
    }
    assert_int_equal(add(&in, &limits, MESSAGE, 1, 10, true, &whole), STATUS_TOO_LARGE);
    assert_int_equal(add(&in, &limits, MESSAGE, 1, SIZE_MAX, true, &whole), STATUS_TOO_LARGE);
    assert_int_equal(add(&in, &limits, MESSAGE, 1, SIZE_MAX - 1, true, &whole), STATUS_TOO_LARGE);
    assert_null(in.bytes);
    const struct inbound_limits wide = {.message_bytes_max = 1u << 20, .fragments_max = 3};
    assert_int_equal(add(&in, &wide, MESSAGE, 10, (1u << 20) - 10, true, &whole), STATUS_OK);
    assert_true(in.capacity <= 4096);
    inbound_clear(&in);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(add(&in, &limits, "", 0, 0, false, &whole), STATUS_OK);
    }
    assert_int_equal(add(&in, &limits, "", 0, 0, false, &whole), STATUS_BUSY);
    inbound_clear(&in);
}

static struct outbound_item *frame(size_t size, uint8_t value, enum net_frame_kind kind)
{
    struct outbound_item *item = calloc(1, sizeof *item);
    CHECK(item != NULL);
    item->kind = OUTBOUND_FRAME;
    item->frame_kind = kind;
    item->size = size;
    item->bytes = malloc(size);
    CHECK(item->bytes != NULL);
    memset(item->bytes, value, size);
    return item;
}

struct little_stream {
    size_t size; /* of each chunk */
    uint32_t left;
    uint32_t fails_at; /* when so many are left; 0: never */
    uint32_t closed;
};

static enum status next_chunk(void *state, uint8_t *buffer, size_t cap, size_t *out_size,
                              bool *out_done)
{
    struct little_stream *stream = state;
    CHECK(cap >= NET_CHUNK_BYTES_MIN && cap <= PACKING_FRAME_BYTES);
    if (stream->left == stream->fails_at) {
        return STATUS_NO_MEMORY;
    }
    *out_size = stream->size < cap ? stream->size : cap;
    memset(buffer, 's', *out_size);
    *out_done = --stream->left == 0;
    return STATUS_OK;
}

static void close_stream(void *state)
{
    struct little_stream *stream = state;
    stream->closed++;
}

static struct outbound_item *stream_item(struct little_stream *stream)
{
    struct outbound_item *item = calloc(1, sizeof *item);
    CHECK(item != NULL);
    item->kind = OUTBOUND_STREAM;
    item->stream =
        (struct net_stream){.state = stream, .next_chunk = next_chunk, .close = close_stream};
    return item;
}

/* Goal: whatever mix of frames goes in, the same frames come out in order, no piece
 * is over the size, and each answer is counted once. Method: random mixes, the pieces
 * put together again and taken apart with packing_next. */
static void test_outbound_mixes(void **state)
{
    static uint8_t buffer[PACKING_MESSAGE_BYTES];
    static uint8_t message[200000];
    (void)state;
    for (uint32_t round = 0; round < 300; round++) {
        uint32_t frames = 1 + next_random() % 40;
        struct outbound out = {.head = NULL};
        size_t sizes[40];
        uint32_t answers = 0;
        for (uint32_t i = 0; i < frames; i++) {
            enum net_frame_kind kind = next_random() % 2 == 0 ? NET_FRAME_FINAL : NET_FRAME_MORE;
            sizes[i] = 1 + next_random() % (next_random() % 4 == 0 ? 70000 : 600);
            answers += kind == NET_FRAME_FINAL ? 1 : 0;
            outbound_add(&out, frame(sizes[i], (uint8_t)i, kind));
        }
        uint32_t answered = 0;
        uint32_t at = 0;
        size_t message_size = 0;
        while (!outbound_is_empty(&out)) {
            struct outbound_piece piece;
            outbound_fill(&out, buffer, &piece);
            assert_true(piece.packed.size > 0 && piece.packed.size <= sizeof buffer);
            assert_int_equal(piece.packed.first, message_size == 0);
            memcpy(message + message_size, buffer, piece.packed.size);
            message_size += piece.packed.size;
            answered += piece.answers;
            if (!piece.packed.last) {
                continue;
            }
            struct span rest = span_of(message, message_size);
            while (rest.size > 0) {
                struct span got = {0};
                assert_int_equal(packing_next(&rest, &got), STATUS_OK);
                assert_int_equal(got.size, sizes[at]);
                assert_int_equal(got.data[0], (uint8_t)at);
                assert_int_equal(got.data[got.size - 1], (uint8_t)at);
                at++;
            }
            message_size = 0;
        }
        assert_int_equal(at, frames);
        assert_int_equal(answered, answers);
        assert_int_equal(out.queued_bytes, 0);
    }
}

static void add_close(struct outbound *out)
{
    struct outbound_item *item = calloc(1, sizeof *item);
    CHECK(item != NULL);
    item->kind = OUTBOUND_CLOSE;
    item->value = NET_CLOSE_DONE;
    outbound_add(out, item);
}

/* Takes the next piece and tells whose frames are in it, by their first bytes. */
static void expect_frames(struct outbound *out, const char *frames, uint32_t answers)
{
    static uint8_t buffer[PACKING_MESSAGE_BYTES];
    struct outbound_piece piece;
    outbound_fill(out, buffer, &piece);
    assert_true(piece.packed.first && piece.packed.last && piece.packed.size <= sizeof buffer);
    assert_int_equal(piece.frames, strlen(frames));
    assert_int_equal(piece.answers, answers);
    assert_int_equal(piece.close_code, 0);
    struct span rest = span_of(buffer, piece.packed.size);
    for (size_t i = 0; frames[i] != '\0'; i++) {
        struct span got = {0};
        assert_int_equal(packing_next(&rest, &got), STATUS_OK);
        assert_int_equal(got.data[0], frames[i]);
    }
    assert_int_equal(rest.size, 0);
}

/* The wish to close comes again until the owner has done it. */
static void expect_close(struct outbound *out, uint16_t code)
{
    static uint8_t buffer[PACKING_MESSAGE_BYTES];
    struct outbound_piece piece;
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(outbound_head_is_close(out));
        outbound_fill(out, buffer, &piece);
        assert_int_equal(piece.packed.size, 0);
        assert_int_equal(piece.close_code, code);
    }
}

/* Goal: streams keep their place among frames, share a message with them only while it
 * has room for a chunk, a close comes last and stays, clearing closes. Method: chunks of
 * 10 bytes, of nearly half a message and of a whole one, between frames. */
static void test_outbound_streams(void **state)
{
    (void)state;
    struct outbound out = {.head = NULL};
    outbound_add(&out, frame(5, 'a', NET_FRAME_FINAL));
    struct little_stream little = {.size = 10, .left = 3};
    outbound_add(&out, stream_item(&little));
    outbound_add(&out, frame(5, 'b', NET_FRAME_FINAL));
    add_close(&out);
    expect_frames(&out, "asssb", 3);
    assert_int_equal(little.closed, 1);
    expect_close(&out, NET_CLOSE_DONE);
    outbound_clear(&out);

    outbound_add(&out, frame(2000, 'a', NET_FRAME_MORE));
    struct little_stream half = {.size = 7000, .left = 3};
    outbound_add(&out, stream_item(&half));
    outbound_add(&out, frame(2000, 'b', NET_FRAME_FINAL));
    expect_frames(&out, "as", 0);
    assert_int_equal(half.closed, 0);
    expect_frames(&out, "ss", 1);
    assert_int_equal(half.closed, 1);
    expect_frames(&out, "b", 1);

    struct little_stream whole = {.size = PACKING_FRAME_BYTES, .left = 2};
    outbound_add(&out, stream_item(&whole));
    outbound_add(&out, frame(5, 'a', NET_FRAME_FINAL));
    expect_frames(&out, "s", 0);
    expect_frames(&out, "s", 1);
    expect_frames(&out, "a", 1);
    assert_true(outbound_is_empty(&out));

    struct little_stream cleared = {.size = 10, .left = 3};
    outbound_add(&out, stream_item(&cleared));
    outbound_clear(&out);
    assert_int_equal(cleared.closed, 1);
    assert_true(outbound_is_empty(&out));
}

/* Goal: a stream that fails is closed once and not asked again; what stood before it goes
 * out, then comes a close, and nothing of what stood behind. Method: one that fails at its
 * first chunk and one at its second, each between frames. */
static void test_outbound_failing_streams(void **state)
{
    (void)state;
    for (uint32_t chunks = 1; chunks <= 2; chunks++) {
        struct little_stream stream = {.size = 10, .left = chunks + 1, .fails_at = 2};
        struct outbound out = {.head = NULL};
        outbound_add(&out, frame(5, 'a', NET_FRAME_FINAL));
        outbound_add(&out, stream_item(&stream));
        outbound_add(&out, frame(5, 'b', NET_FRAME_FINAL));
        expect_frames(&out, chunks == 1 ? "a" : "as", 1);
        assert_int_equal(stream.closed, 1);
        expect_close(&out, NET_CLOSE_GOING_AWAY);
        outbound_clear(&out);
        assert_int_equal(stream.closed, 1);
        assert_int_equal(out.queued_bytes, 0);
    }
}

/* Goal: the inbox is bounded in bytes and count, a cut always finds room, order is
 * kept, and only the first of a batch asks for a wake-up. */
static void test_inbox(void **state)
{
    struct outbound_item *cut = calloc(1, sizeof *cut);
    (void)state;
    CHECK(cut != NULL);
    struct inbox inbox;
    inbox_init(&inbox);
    bool was_empty = false;
    for (uint32_t i = 0; i < INBOX_BYTES_MAX / (1u << 20); i++) {
        assert_int_equal(
            inbox_push(&inbox, frame(1u << 20, (uint8_t)i, NET_FRAME_MORE), &was_empty), STATUS_OK);
        assert_int_equal(was_empty, i == 0);
    }
    struct outbound_item *item = frame(1, 0, NET_FRAME_MORE);
    assert_int_equal(inbox_push(&inbox, item, &was_empty), STATUS_BUSY);
    cut->kind = OUTBOUND_CUT;
    assert_int_equal(inbox_push(&inbox, cut, &was_empty), STATUS_OK);
    struct outbound_item *all = inbox_take(&inbox);
    uint32_t count = 0;
    while (all != NULL) {
        struct outbound_item *next = all->next;
        if (all->kind == OUTBOUND_FRAME) {
            assert_int_equal(all->bytes[0], (uint8_t)count++);
        } else {
            assert_null(next);
        }
        outbound_item_free(all);
        all = next;
    }
    assert_int_equal(count, INBOX_BYTES_MAX / (1u << 20));
    assert_null(inbox_take(&inbox));
    assert_int_equal(inbox_push(&inbox, item, &was_empty), STATUS_OK);
    assert_true(was_empty);
    for (uint32_t i = 1; i < INBOX_ITEMS_MAX; i++) {
        struct outbound_item *order = calloc(1, sizeof *order);
        CHECK(order != NULL);
        order->kind = OUTBOUND_ADMIT;
        assert_int_equal(inbox_push(&inbox, order, &was_empty), STATUS_OK);
    }
    item = frame(1, 0, NET_FRAME_MORE);
    assert_int_equal(inbox_push(&inbox, item, &was_empty), STATUS_BUSY);
    outbound_item_free(item);
    inbox_deinit(&inbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_cuts),
        cmocka_unit_test(test_address_counts),
        cmocka_unit_test(test_inbound),
        cmocka_unit_test(test_outbound_mixes),
        cmocka_unit_test(test_outbound_streams),
        cmocka_unit_test(test_outbound_failing_streams),
        cmocka_unit_test(test_inbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
