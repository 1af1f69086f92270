/*
 * Load for our server, from many connections of one process; one JSON line a run.
 *
 *   load PORT PROFILE CONNECTIONS write SECONDS
 *   load PORT PROFILE CONNECTIONS read SECONDS     each its own note, again and again
 *   load PORT PROFILE CONNECTIONS login SECONDS    so many at once, new each time
 *   load PORT PROFILE 2 push COUNT                 one writes, the other is told
 *   load PORT PROFILE CONNECTIONS idle             until standard input closes
 *
 * PROFILE is a therapist's, of a first device, who has written in a chart's
 * progress section; its passphrase is the first line of descriptor 3. All
 * connections are that device's, each with a section of its own.
 */
#include "keys/public/random.h"
#include "tests/bench/author.h"
#include "tests/bench/peer.h"
#include "tests/bench/samples.h"

#include <inttypes.h>
#include <unistd.h>

enum {
    CHAIN_FIRST = 0,
};

enum scenario {
    SCENARIO_NONE,
    SCENARIO_WRITE,
    SCENARIO_READ,
    SCENARIO_LOGIN,
    SCENARIO_PUSH,
    SCENARIO_IDLE,
};

struct worker {
    struct peer *peer;
    struct author_section section;
    struct author_bytes body; /* of the next request */
    uint64_t sent_us;
};

struct load {
    enum scenario scenario;
    struct peers *peers;
    struct author author;
    struct worker *workers;
    size_t count;
    size_t ready;   /* logged in */
    size_t settled; /* with a section and a note in it */
    size_t open;
    bool found;
    uint64_t until_us;
    uint64_t done;
    uint64_t wanted;
    uint64_t asked_bytes;
    struct samples samples;
};

static void sample(struct load *load, uint64_t since_us)
{
    load->done++;
    samples_add(&load->samples, peer_now_us() - since_us);
}

static ProtobufCMessage *decode(const ProtobufCMessageDescriptor *descriptor,
                                const struct peer_frame *frame, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    if (frame->code != STATUS_OK) {
        (void)fprintf(stderr, "load: answered %s\n", status_name((enum status)frame->code));
        exit(1);
    }
    peer_must(message_decode(descriptor, frame->body, arena, &message) == STATUS_OK,
              "an answer is malformed");
    return message;
}

/* ---------------------------------------------------------------- what to write in */

static void on_chain(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct arena arena = {0};
    struct statement statement;
    const Alcove__ChainReply *reply =
        (const void *)decode(&alcove__chain_reply__descriptor, frame, &arena);
    (void)peer;
    peer_must(reply->n_entry > 0 &&
                  statement_parse(field_span(reply->entry[CHAIN_FIRST]->statement),
                                  &peers_content(load->peers)->practice, &statement) == STATUS_OK &&
                  statement.rule->type == STATEMENT_SECTION,
              "the section's first statement is not one");
    load->author.model = statement.u.section;
    load->found = true;
    statement_free(&statement);
    arena_free(&arena);
}

static void on_state(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct arena arena = {0};
    const Alcove__StateReply *reply =
        (const void *)decode(&alcove__state_reply__descriptor, frame, &arena);
    size_t at = 0;
    while (at < reply->n_section && reply->section[at]->class_ != CLASS_PROGRESS) {
        at++;
    }
    peer_must(at < reply->n_section, "the profile has no progress section");
    Alcove__ChainAsk ask = ALCOVE__CHAIN_ASK__INIT;
    ask.label = reply->section[at]->label;
    (void)peer_ask(peer, OP_CHAIN, &ask.base, on_chain, load);
    arena_free(&arena);
}

static void on_settled(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    struct arena arena = {0};
    author_stored(&worker->section,
                  (const void *)decode(&alcove__submit_reply__descriptor, frame, &arena));
    arena_free(&arena);
    if (worker->section.device_number == 0) { /* the section is there; now its first note */
        const struct author_bytes note = author_new_note(&load->author, &worker->section);
        (void)peer_ask_bytes(peer, OP_SUBMIT, span_of(note.data, note.size), on_settled, load);
        free(note.data);
        return;
    }
    load->settled++;
}

/* A section and a note for each connection, before anything is measured. */
static void settle(struct load *load)
{
    Alcove__StateAsk ask = ALCOVE__STATE_ASK__INIT;
    (void)peer_ask(load->workers[0].peer, OP_STATE, &ask.base, on_state, load);
    while (!load->found) {
        peers_poll(load->peers, 1000);
    }
    for (size_t i = 0; i < load->count; i++) {
        struct worker *worker = &load->workers[i];
        const struct author_bytes section = author_new_section(&load->author, &worker->section);
        (void)peer_ask_bytes(worker->peer, OP_SUBMIT, span_of(section.data, section.size),
                             on_settled, load);
        free(section.data);
    }
    while (load->settled < load->count) {
        peers_poll(load->peers, 1000);
    }
}

/* ---------------------------------------------------------------- asking */

static void ask(struct load *load, struct worker *worker);

static void go_on(struct load *load, struct worker *worker)
{
    sample(load, worker->sent_us);
    if (peer_now_us() < load->until_us) {
        ask(load, worker);
    } else {
        peer_close(worker->peer);
    }
}

static void on_written(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    struct arena arena = {0};
    author_stored(&worker->section,
                  (const void *)decode(&alcove__submit_reply__descriptor, frame, &arena));
    arena_free(&arena);
    go_on(load, worker);
}

static void on_read(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    peer_must(frame->code == STATUS_OK || frame->kind == FRAME_CHUNK, "a page was refused");
    if (frame->done) {
        go_on(load, &load->workers[peer_index(peer)]);
    }
}

static void ask(struct load *load, struct worker *worker)
{
    if (load->scenario == SCENARIO_WRITE) {
        const struct author_bytes note = author_new_note(&load->author, &worker->section);
        worker->sent_us = peer_now_us();
        load->asked_bytes += peer_ask_bytes(worker->peer, OP_SUBMIT, span_of(note.data, note.size),
                                            on_written, load);
        free(note.data);
        return;
    }
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    page.section = field_of(worker->section.section.bytes, ID_BYTES);
    page.from = worker->section.number;
    page.to = worker->section.number;
    page.purpose = PURPOSE_TREAT;
    worker->sent_us = peer_now_us();
    load->asked_bytes += peer_ask(worker->peer, OP_PAGE, &page.base, on_read, load);
}

/* ---------------------------------------------------------------- connections */

static void on_ready(void *state, struct peer *peer)
{
    struct load *load = state;
    struct worker *worker = &load->workers[peer_index(peer)];
    worker->peer = peer;
    load->ready++;
    if (load->scenario == SCENARIO_LOGIN) {
        sample(load, worker->sent_us);
        peer_close(peer);
    }
}

static void on_closed(void *state, struct peer *peer, enum status status)
{
    struct load *load = state;
    struct worker *worker = &load->workers[peer_index(peer)];
    const uint64_t now = peer_now_us();
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "load: a connection ended: %s\n", status_name(status));
        exit(1);
    }
    if (load->scenario == SCENARIO_LOGIN && now < load->until_us) {
        worker->sent_us = now;
        peers_connect(load->peers, peer_index(peer));
        return;
    }
    peer_must(now >= load->until_us, "a connection was closed by the server");
    load->open--;
}

static void connect_all(struct load *load)
{
    load->open = load->count;
    for (size_t i = 0; i < load->count; i++) {
        load->workers[i].sent_us = peer_now_us();
        peers_connect(load->peers, i);
        if (i % 32 == 31) { /* the listening queue is finite, and a login has its time */
            while (load->scenario != SCENARIO_LOGIN && load->ready + 64 < i) {
                peers_poll(load->peers, 1000);
            }
            peers_poll(load->peers, 0);
        }
    }
    while (load->scenario != SCENARIO_LOGIN && load->ready < load->count) {
        peers_poll(load->peers, 1000);
    }
}

/* ---------------------------------------------------------------- push */

static void on_push_written(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    struct arena arena = {0};
    author_stored(&worker->section,
                  (const void *)decode(&alcove__submit_reply__descriptor, frame, &arena));
    arena_free(&arena);
    load->settled++; /* answers */
}

/* The second connection hears of what the first one wrote; then the next is written. */
static void on_push(void *state, struct peer *peer, const Alcove__Push *push)
{
    struct load *load = state;
    struct worker *writer = &load->workers[0];
    if (peer_index(peer) != 1 || push->section.len != ID_BYTES ||
        memcmp(push->section.data, writer->section.section.bytes, ID_BYTES) != 0) {
        return;
    }
    if (load->done < load->wanted) {
        sample(load, writer->sent_us);
    }
}

static void on_subscribed(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    (void)peer;
    peer_must(frame->code == STATUS_OK, "the subscription was refused");
    load->settled++;
}

static void run_push(struct load *load)
{
    Alcove__SubscribeAsk ask_push = ALCOVE__SUBSCRIBE_ASK__INIT;
    ProtobufCBinaryData sections[] = {field_of(load->workers[0].section.section.bytes, ID_BYTES)};
    ask_push.section = sections;
    ask_push.n_section = 1;
    load->settled = 0;
    (void)peer_ask(load->workers[1].peer, OP_SUBSCRIBE, &ask_push.base, on_subscribed, load);
    while (load->settled < 1) {
        peers_poll(load->peers, 1000);
    }
    load->settled = 0;
    for (uint64_t i = 0; i < load->wanted; i++) {
        struct worker *writer = &load->workers[0];
        const struct author_bytes note = author_new_note(&load->author, &writer->section);
        writer->sent_us = peer_now_us();
        (void)peer_ask_bytes(writer->peer, OP_SUBMIT, span_of(note.data, note.size),
                             on_push_written, load);
        free(note.data);
        while (load->done <= i || load->settled <= i) {
            peers_poll(load->peers, 1000);
        }
    }
    load->until_us = 0;
}

/* ---------------------------------------------------------------- the run */

static void report(struct load *load, double seconds, uint64_t received_bytes)
{
    const uint64_t done = load->done > 0 ? load->done : 1;
    printf("{\"done\":%" PRIu64 ",\"seconds\":%.4f,\"per_second\":%.1f,\"p50_us\":%u,"
           "\"p99_us\":%u,\"ask_bytes\":%" PRIu64 ",\"answer_bytes\":%" PRIu64 "}\n",
           load->done, seconds, (double)load->done / seconds, samples_at(&load->samples, 500),
           samples_at(&load->samples, 990), load->asked_bytes / done, received_bytes / done);
}

static void run(struct load *load, double seconds)
{
    load->until_us = UINT64_MAX;
    if (load->scenario != SCENARIO_LOGIN) {
        connect_all(load);
        if (load->scenario != SCENARIO_IDLE) {
            settle(load);
        }
    }
    const char *said = load->scenario == SCENARIO_IDLE ? "{\"open\":1}" : "{\"ready\":1}";
    (void)fprintf(load->scenario == SCENARIO_IDLE ? stdout : stderr, "%s\n", said);
    (void)fflush(stdout);
    if (load->scenario == SCENARIO_IDLE) {
        char byte;
        while (read(STDIN_FILENO, &byte, 1) > 0) {
        }
        return;
    }
    const uint64_t received = peers_received_bytes(load->peers);
    const uint64_t begin = peer_now_us();
    load->done = 0;
    load->samples.count = 0;
    if (load->scenario == SCENARIO_PUSH) {
        run_push(load);
    } else {
        load->until_us = begin + (uint64_t)(seconds * 1e6);
        if (load->scenario == SCENARIO_LOGIN) {
            connect_all(load);
        }
        for (size_t i = 0; load->scenario != SCENARIO_LOGIN && i < load->count; i++) {
            ask(load, &load->workers[i]);
        }
        while (load->open > 0) {
            peers_poll(load->peers, 1000);
        }
    }
    report(load, (double)(peer_now_us() - begin) / 1e6,
           peers_received_bytes(load->peers) - received);
}

static enum scenario scenario_of(const char *name)
{
    static const char *const names[] = {[SCENARIO_WRITE] = "write",
                                        [SCENARIO_READ] = "read",
                                        [SCENARIO_LOGIN] = "login",
                                        [SCENARIO_PUSH] = "push",
                                        [SCENARIO_IDLE] = "idle"};
    for (size_t i = SCENARIO_WRITE; i < ARRAY_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return (enum scenario)i;
        }
    }
    return SCENARIO_NONE;
}

static struct keystore *open_profile(const char *folder)
{
    char passphrase[256];
    size_t size = 0;
    struct keystore *keystore = NULL;
    while (size < sizeof(passphrase) && read(3, passphrase + size, 1) == 1 &&
           passphrase[size] != '\n') {
        size++;
    }
    const enum status status = keystore_open(folder, span_of(passphrase, size), &keystore);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "load: %s: %s\n", folder, status_name(status));
        exit(1);
    }
    return keystore;
}

int main(int argc, char **argv)
{
    static struct load load;
    load.scenario = argc >= 5 ? scenario_of(argv[4]) : SCENARIO_NONE;
    if (load.scenario == SCENARIO_NONE || argc != (load.scenario == SCENARIO_IDLE ? 5 : 6)) {
        (void)fputs("usage: load PORT PROFILE CONNECTIONS write|read|login SECONDS | push COUNT |"
                    " idle\n",
                    stderr);
        return 2;
    }
    peer_must(random_init() == STATUS_OK, "no randomness");
    struct keystore *keystore = open_profile(argv[2]);
    load.count = (size_t)strtoull(argv[3], NULL, 10);
    load.wanted = load.scenario == SCENARIO_PUSH ? strtoull(argv[5], NULL, 10) : 0;
    load.workers = calloc(load.count, sizeof(*load.workers));
    samples_init(&load.samples);
    peer_must(load.count > 0 && load.workers != NULL, "memory");
    load.author.content = keystore_content(keystore);
    const struct peer_handler handler = {
        .state = &load, .on_ready = on_ready, .on_push = on_push, .on_closed = on_closed};
    load.peers = peers_new((uint16_t)strtoul(argv[1], NULL, 10), load.author.content, &handler);
    run(&load, argc == 6 ? strtod(argv[5], NULL) : 0);
    peers_free(load.peers);
    keystore_close(keystore);
    free(load.workers);
    samples_deinit(&load.samples);
    return 0;
}
