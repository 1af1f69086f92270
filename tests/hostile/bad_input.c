/*
 * Bad input, against a running server.
 *
 *   bad_input PORT PROFILE SERVER-PID       passphrase: first line of descriptor 3
 *
 * Goal: whatever a peer sends, before or after login, the answer is a typed refusal or a close,
 * the server lives and its memory stays flat. Method: what the issue lists, then every request
 * cut short at every byte and with every bit flipped. That others are served meanwhile is shown
 * by who runs this (tests/e2e/bad_input.sh). Prints one line a check; ends at the first fault.
 */
#include "tests/hostile/socket.h"

#include "keys/public/bytes/random.h"
#include "tests/bench/author.h"
#include "tests/hostile/floods.h"

#include <inttypes.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <unistd.h>

enum {
    FRAGMENTS = 1000000,
    OVERSIZE_BYTES = 80 * 1024,
    EMPTY_MESSAGES_BYTES = 40 * 1024,
    FLIPPED_BYTES_MAX = 150, /* of larger frames only the first and every 31st byte after */
    SAMPLES_MAX = 64,
    GROWTH_KIB_MAX = 24 * 1024,
};

struct attack {
    uint16_t port;
    pid_t server;
    const struct keystore_content *content;
    struct attack_socket socket;
    uint64_t tries, closed, answered;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "bad_input: %s\n", what);
        exit(1);
    }
}

/* Its own memory; pages of the database that it has mapped are the disk's. */
static uint64_t resident_kib(pid_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    must(file != NULL, "the server is gone");
    char line[256];
    uint64_t kib = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) {
            kib = strtoull(line + 8, NULL, 10);
        }
    }
    must(kib > 0, "the server is gone");
    (void)fclose(file);
    return kib;
}

/* ---------------------------------------------------------------- before login */

static void expect_upgrade(struct attack *attack, struct raw_options options,
                           enum raw_result expected, const char *what)
{
    options.port = attack->port;
    struct raw_ws *ws = NULL;
    const enum raw_result result = raw_ws_connect(&options, &ws);
    must(result == expected, what);
    raw_ws_free(ws);
    (void)printf("ok %s\n", what);
}

static void upgrades(struct attack *attack)
{
    struct raw_options options = raw_options_good(attack->port);
    expect_upgrade(attack, options, RAW_UPGRADED, "the right way is let in");
    options.subprotocol = "alcove.v0";
    expect_upgrade(attack, options, RAW_HTTP_REFUSED, "a wrong subprotocol is refused");
    options.subprotocol = NULL;
    expect_upgrade(attack, options, RAW_HTTP_REFUSED, "no subprotocol is refused");
    options = raw_options_good(attack->port);
    options.origin = "https://evil.example";
    expect_upgrade(attack, options, RAW_HTTP_REFUSED, "a hostile Origin is refused");
    options = raw_options_good(attack->port);
    options.tls_version_max = TLS1_2_VERSION;
    expect_upgrade(attack, options, RAW_TLS_FAILED, "TLS 1.2 is refused");
}

static struct raw_ws *connect_raw(struct attack *attack)
{
    must(socket_connect(&attack->socket, attack->port), "no connection");
    return attack->socket.ws;
}

static void expect_close(struct attack *attack, const char *what)
{
    must(raw_ws_wait_close(attack->socket.ws) >= 0, what);
    socket_close(&attack->socket);
    (void)printf("ok %s\n", what);
}

static void framing(struct attack *attack)
{
    static uint8_t zeros[OVERSIZE_BYTES];
    struct raw_ws *ws = connect_raw(attack);
    const uint8_t huge[] = {0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x5a, 0x5a, 0x5a, 0x5a, 1, 2, 3};
    (void)raw_ws_write(ws, huge, sizeof huge);
    expect_close(attack, "a declared length of 2^62 ends the connection");

    ws = connect_raw(attack);
    (void)raw_ws_frame(ws, 0x82, zeros, sizeof zeros);
    expect_close(attack, "an oversize message ends the connection");

    ws = connect_raw(attack);
    bool open = raw_ws_frame(ws, 0x02, NULL, 0);
    uint64_t sent = 0;
    while (open && sent < FRAGMENTS) {
        open = raw_ws_frame(ws, 0x00, NULL, 0);
        sent++;
    }
    must(!open || raw_ws_wait_close(ws) >= 0, "10^6 empty fragments were swallowed");
    socket_close(&attack->socket);
    (void)printf("ok 10^6 empty fragments: ended after %" PRIu64 "\n", sent);

    ws = connect_raw(attack);
    (void)raw_ws_frame(ws, 0x81, "text", 4);
    expect_close(attack, "a text message ends the connection");

    (void)connect_raw(attack);
    expect_close(attack, "who does not log in is sent away");
}

static void before_login(struct attack *attack)
{
    static uint8_t noise[2048];
    for (uint32_t kind = 0; kind < 12; kind++) {
        struct request_id id;
        random_bytes(id.bytes, ID_BYTES);
        random_bytes(noise, sizeof noise);
        uint8_t *bytes = NULL;
        size_t size = 0;
        socket_pack(kind, kind * 7 + OP_STATE, &id, span_of(noise, 100 * kind), &bytes, &size);
        struct raw_ws *ws = connect_raw(attack);
        (void)raw_ws_send(ws, bytes, size);
        must(raw_ws_wait_close(ws) >= 0, "a stranger's frame was let in");
        socket_close(&attack->socket);
        free(bytes);
    }
    for (size_t i = 0; i < 64; i++) {
        random_bytes(noise, sizeof noise);
        struct raw_ws *ws = connect_raw(attack);
        (void)raw_ws_send(ws, noise, 1 + i * 31);
        must(raw_ws_wait_close(ws) >= 0, "a stranger's noise was let in");
        socket_close(&attack->socket);
    }
    (void)printf("ok frames of every kind and noise before login: the connection ends\n");
}

/* ---------------------------------------------------------------- after login */

/* The limit on malformed requests of one device ends connections: then a new one. */
static void need_login(struct attack *attack)
{
    if (attack->socket.ws == NULL) {
        must(socket_connect(&attack->socket, attack->port) &&
                 socket_login(&attack->socket, attack->content),
             "the login was refused");
    }
}

static enum socket_end try_frame(struct attack *attack, struct span frame)
{
    need_login(attack);
    const enum socket_end end = socket_try(&attack->socket, frame);
    must(end != SOCKET_SILENT, "the server is stuck");
    attack->tries++;
    if (end == SOCKET_CLOSED) {
        attack->closed++;
        socket_close(&attack->socket);
    } else {
        attack->answered++;
    }
    return end;
}

/* A request of this op with this body, expected to be refused by type. */
static void expect_refusal(struct attack *attack, uint32_t op, struct span body, const char *what)
{
    struct request_id id;
    random_bytes(id.bytes, ID_BYTES);
    uint8_t *bytes = NULL;
    size_t size = 0;
    socket_pack(FRAME_REQUEST, op, &id, body, &bytes, &size);
    need_login(attack);
    attack->socket.last_status = STATUS_OK;
    if (try_frame(attack, span_of(bytes, size)) == SOCKET_ANSWERED) {
        must(attack->socket.last_status != STATUS_OK, what);
    }
    free(bytes);
    (void)printf("ok %s\n", what);
}

static void oddities(struct attack *attack)
{
    static uint8_t empties[EMPTY_MESSAGES_BYTES];
    for (size_t i = 0; i < sizeof empties; i += 2) {
        empties[i] = 2 << 3 | 2; /* SubmitAsk.revision, of no bytes */
    }
    expect_refusal(attack, 9999, span_of(NULL, 0), "an unknown opcode is refused");
    expect_refusal(attack, OP_NONE, span_of(NULL, 0), "opcode 0 is refused");
    expect_refusal(attack, OP_BUNDLE, span_of("\x0a\x01x", 3), "a newcomer's opcode is refused");
    expect_refusal(attack, OP_SUBMIT, span_of(empties, sizeof empties),
                   "40 kB of empty sub-messages are refused");
    for (size_t i = 0; i < sizeof empties; i += 2) {
        empties[i] = 1 << 3 | 2; /* statements of no bytes */
    }
    expect_refusal(attack, OP_SUBMIT, span_of(empties, sizeof empties),
                   "40 kB of empty statements are refused");
    expect_refusal(attack, OP_STATE, span_of("\xff\xff\xff", 3), "a body of noise is refused");
    expect_refusal(attack, OP_PAGE, span_of("\x0a\xff\xff\xff\xff\x0f", 6),
                   "a field that says it is larger than the body is refused");
}

struct sample {
    const char *name;
    uint32_t op;
    uint8_t *body;
    size_t size;
};

static void keep(struct sample *sample, const char *name, uint32_t op,
                 const ProtobufCMessage *message)
{
    sample->name = name;
    sample->op = op;
    CHECK(message_pack(message, &sample->body, &sample->size) == STATUS_OK);
}

/* An empty request of each op of the schema that is not among the samples, so that an op is
 * attacked from the day on which it comes to be. Returns how many. */
static size_t make_rest(struct sample *samples, size_t count)
{
#define EMPTY(op, name, text) {#name, op, NULL, 0},
    static const struct sample all[] = {OP_LIST(EMPTY)};
#undef EMPTY
    size_t made = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        bool there = false;
        for (size_t j = 0; j < count; j++) {
            there |= samples[j].op == all[i].op;
        }
        if (!there) {
            must(count + made < SAMPLES_MAX, "more ops than samples");
            samples[count + made++] = all[i];
        }
    }
    return made;
}

/* A request of each op that this member may not, or may in vain, ask. */
static size_t make_samples(const struct attack *attack, struct sample out[SAMPLES_MAX])
{
    static uint8_t id[ID_BYTES] = "sixteen bytes...";
    static uint8_t hash[HASH_BYTES] = "thirty-two bytes of anything....";
    static uint8_t signature[SIGNATURE_BYTES] = "signed by nobody";
    Alcove__Seen seen = ALCOVE__SEEN__INIT;
    Alcove__StateAsk state = ALCOVE__STATE_ASK__INIT;
    Alcove__LeavesAsk leaves = ALCOVE__LEAVES_ASK__INIT;
    Alcove__ChainAsk chain = ALCOVE__CHAIN_ASK__INIT;
    Alcove__CheckpointAsk checkpoint = ALCOVE__CHECKPOINT_ASK__INIT;
    Alcove__ProofAsk proof = ALCOVE__PROOF_ASK__INIT;
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    Alcove__OpenedAsk opened = ALCOVE__OPENED_ASK__INIT;
    Alcove__EventsAsk events = ALCOVE__EVENTS_ASK__INIT;
    Alcove__EventLeavesAsk event_leaves = ALCOVE__EVENT_LEAVES_ASK__INIT;
    ProtobufCBinaryData sections[] = {field_of(id, sizeof id), field_of(id, sizeof id)};
    leaves.to = 8;
    chain.label = field_of(hash, sizeof hash);
    seen.statements_size = 1;
    seen.statements_root = field_of(hash, sizeof hash);
    checkpoint.seen = &seen;
    proof.log = 1;
    proof.size = 1;
    page.section = field_of(id, sizeof id);
    page.from = 1;
    page.purpose = PURPOSE_TREAT;
    subscribe.section = sections;
    subscribe.n_section = 2;
    opened.opened = field_of(hash, sizeof hash);
    opened.signature = field_of(signature, sizeof signature);
    events.scope = ACTION_LOG_OWN;
    events.limit = 4;
    event_leaves.to = 4;
    size_t count = 0;
    keep(&out[count++], "STATE", OP_STATE, &state.base);
    keep(&out[count++], "LEAVES", OP_LEAVES, &leaves.base);
    keep(&out[count++], "CHAIN", OP_CHAIN, &chain.base);
    keep(&out[count++], "CHECKPOINT", OP_CHECKPOINT, &checkpoint.base);
    keep(&out[count++], "PROOF", OP_PROOF, &proof.base);
    keep(&out[count++], "PAGE", OP_PAGE, &page.base);
    keep(&out[count++], "SUBSCRIBE", OP_SUBSCRIBE, &subscribe.base);
    keep(&out[count++], "OPENED", OP_OPENED, &opened.base);
    keep(&out[count++], "EVENTS", OP_EVENTS, &events.base);
    keep(&out[count++], "EVENT_LEAVES", OP_EVENT_LEAVES, &event_leaves.base);
    const struct author author = {.content = attack->content};
    struct author_section section;
    const struct author_bytes submit = author_new_section(&author, &section);
    secret_free(section.epoch_key);
    out[count++] = (struct sample){"SUBMIT", OP_SUBMIT, submit.data, submit.size};
    return count + make_rest(out, count);
}

/* Every prefix and every flipped bit of the frame. */
static void spoil(struct attack *attack, const struct sample *sample)
{
    struct request_id id;
    random_bytes(id.bytes, ID_BYTES);
    uint8_t *bytes = NULL;
    size_t size = 0;
    socket_pack(FRAME_REQUEST, sample->op, &id, span_of(sample->body, sample->size), &bytes, &size);
    const uint64_t before = attack->tries;
    const uint64_t closed = attack->closed;
    for (size_t i = 1; i < size; i += i < FLIPPED_BYTES_MAX ? 1 : 31) {
        (void)try_frame(attack, span_of(bytes, i));
    }
    for (size_t i = 0; i < size; i += i < FLIPPED_BYTES_MAX ? 1 : 31) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1U << bit);
            (void)try_frame(attack, span_of(bytes, size));
            bytes[i] ^= (uint8_t)(1U << bit);
        }
    }
    (void)printf("ok %s cut short and flipped: %" PRIu64 " frames, %" PRIu64
                 " answered by closing\n",
                 sample->name, attack->tries - before, attack->closed - closed);
    free(bytes);
}

static struct keystore *open_profile(const char *folder)
{
    char passphrase[256];
    size_t size = 0;
    while (size < sizeof passphrase && read(3, passphrase + size, 1) == 1 &&
           passphrase[size] != '\n') {
        size++;
    }
    struct keystore *keystore = NULL;
    must(keystore_open(folder, span_of(passphrase, size), &keystore) == STATUS_OK,
         "the profile does not open");
    return keystore;
}

int main(int argc, char **argv)
{
    static struct attack attack;
    struct sample samples[SAMPLES_MAX];
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (argc != 4) {
        (void)fputs("usage: bad_input PORT PROFILE SERVER-PID\n", stderr);
        return 2;
    }
    (void)sigaction(SIGPIPE, &ignore, NULL);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    must(random_init() == STATUS_OK, "no randomness");
    struct keystore *keystore = open_profile(argv[2]);
    attack.port = (uint16_t)strtoul(argv[1], NULL, 10);
    attack.server = (pid_t)strtol(argv[3], NULL, 10);
    attack.content = keystore_content(keystore);
    upgrades(&attack);
    before_login(&attack);
    oddities(&attack);
    const uint64_t before_kib = resident_kib(attack.server);
    framing(&attack);
    const size_t count = make_samples(&attack, samples);
    for (size_t i = 0; i < count; i++) {
        spoil(&attack, &samples[i]);
        free(samples[i].body);
    }
    socket_close(&attack.socket);
    const uint64_t after_kib = resident_kib(attack.server);
    (void)printf("ok the server lives; its memory went from %" PRIu64 " to %" PRIu64 " KiB\n",
                 before_kib, after_kib);
#ifndef __SANITIZE_ADDRESS__
    must(after_kib < before_kib + GROWTH_KIB_MAX, "the server's memory grew");
#endif
    floods(attack.port, attack.server, attack.content);
    (void)printf("== bad input: %" PRIu64 " frames, %" PRIu64 " refused by type, %" PRIu64
                 " by closing\n",
                 attack.tries, attack.answered, attack.closed);
    keystore_close(keystore);
    return 0;
}
