/*
 * Writes and reads in turn and says on standard output what was answered, one
 * line each, for the power-cut test, which looks for every line on what
 * survived:
 *
 *   write REQUEST LINK EVENT      read REQUEST EVENT      (ids and hashes in hex)
 */
#include "tests/bench/load.h"

#include <inttypes.h>
#include <unistd.h>

static void put_hex(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void say(const char *text)
{
    const size_t size = strlen(text);
    peer_must(write(STDOUT_FILENO, text, size) == (ssize_t)size, "standard output");
}

static void write_one(struct load *load, struct worker *worker);

static void on_read(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    if (frame->kind == FRAME_REPLY) {
        struct arena arena = {0};
        const Alcove__PageReply *reply =
            (const void *)load_decode(&alcove__page_reply__descriptor, frame, &arena);
        peer_must(reply->proof != NULL && reply->proof->leaf != NULL, "a page without its event");
        char id[2 * ID_BYTES + 1];
        put_hex(id, worker->request.bytes, ID_BYTES);
        char line[128];
        (void)snprintf(line, sizeof line, "read %s %" PRIu64 "\n", id, reply->proof->leaf->seq);
        say(line);
        arena_free(&arena);
    }
    if (frame->done) {
        write_one(load, worker);
    }
}

static void on_written(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    struct arena arena = {0};
    const Alcove__SubmitReply *reply =
        (const void *)load_decode(&alcove__submit_reply__descriptor, frame, &arena);
    char id[2 * ID_BYTES + 1];
    put_hex(id, worker->request.bytes, ID_BYTES);
    char link[2 * HASH_BYTES + 1];
    put_hex(link, worker->section.device_link.bytes, HASH_BYTES);
    char line[256];
    (void)snprintf(line, sizeof line, "write %s %s %" PRIu64 "\n", id, link, reply->event);
    say(line);
    author_stored(&worker->section, reply);
    arena_free(&arena);
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    page.section = field_of(worker->section.section.bytes, ID_BYTES);
    page.from = worker->section.number;
    page.to = worker->section.number;
    page.purpose = PURPOSE_TREAT;
    (void)peer_ask(peer, OP_PAGE, &page.base, on_read, load);
    worker->request = peers_last_request(load->peers);
}

static void write_one(struct load *load, struct worker *worker)
{
    if (load->done >= load->wanted) {
        load->until_us = 0;
        peer_close(worker->peer);
        return;
    }
    load->done++;
    const struct author_bytes note = author_new_note(&load->author, &worker->section);
    (void)peer_ask_bytes(worker->peer, OP_SUBMIT, span_of(note.data, note.size), on_written, load);
    worker->request = peers_last_request(load->peers);
    free(note.data);
}

void load_run_acks(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        write_one(load, &load->workers[i]);
    }
    while (load->open > 0) {
        peers_poll(load->peers, 1000);
    }
}

/* ---------------------------------------------------------------- a control */

static void on_refused(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    (void)peer;
    peer_must(frame->code == STATUS_REFUSED, "an unknown section was not refused");
    load->settled++;
}

void load_run_plain(struct load *load, const char *text)
{
    Alcove__PageAsk page = ALCOVE__PAGE_ASK__INIT;
    peer_must(strlen(text) == ID_BYTES, "the text must have 16 bytes");
    page.section = field_of(text, ID_BYTES);
    page.from = 1;
    page.to = 1;
    page.purpose = PURPOSE_TREAT;
    load->settled = 0;
    (void)peer_ask(load->workers[0].peer, OP_PAGE, &page.base, on_refused, load);
    while (load->settled < 1) {
        peers_poll(load->peers, 1000);
    }
}
