#include "tests/bench/load.h"

void load_sample(struct load *load, uint64_t since_us)
{
    load->done++;
    samples_add(&load->samples, peer_now_us() - since_us);
}

ProtobufCMessage *load_decode(const ProtobufCMessageDescriptor *descriptor,
                              const struct peer_frame *frame, struct arena *arena)
{
    if (frame->code != STATUS_OK) {
        (void)fprintf(stderr, "load: answered %s\n", status_name((enum status)frame->code));
        exit(1);
    }
    ProtobufCMessage *message = NULL;
    peer_must(message_decode(descriptor, frame->body, arena, &message) == STATUS_OK,
              "an answer is malformed");
    return message;
}

/* ---------------------------------------------------------------- what to write in */

/* The first statement of a section's chain says what a section there is about. */
static void on_section_chain(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct arena arena = {0};
    const Alcove__ChainReply *reply =
        (const void *)load_decode(&alcove__chain_reply__descriptor, frame, &arena);
    (void)peer;
    struct statement statement;
    peer_must(reply->n_entry > 0 &&
                  statement_parse(field_span(reply->entry[0]->statement),
                                  &peers_content(load->peers)->practice, &statement) == STATUS_OK &&
                  statement.rule->type == STATEMENT_SECTION,
              "the section's first statement is not one");
    load->author.model = statement.u.section;
    load->author.model.class = CLASS_PROGRESS;
    load->found = true;
    statement_free(&statement);
    arena_free(&arena);
}

/* A client's chain says whom a first section may be about. */
static void on_member_chain(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    const struct practice_id *practice = &peers_content(load->peers)->practice;
    struct arena arena = {0};
    const Alcove__ChainReply *reply =
        (const void *)load_decode(&alcove__chain_reply__descriptor, frame, &arena);
    (void)peer;
    struct statement invitation;
    struct statement enrolment;
    if (!load->found && reply->n_entry >= 2) {
        peer_must(statement_parse(field_span(reply->entry[0]->statement), practice, &invitation) ==
                          STATUS_OK &&
                      statement_parse(field_span(reply->entry[1]->statement), practice,
                                      &enrolment) == STATUS_OK,
                  "a member's chain is malformed");
        if (invitation.u.invitation.role == ROLE_CLIENT) {
            struct statement_section *model = &load->author.model;
            model->class = CLASS_PROGRESS;
            model->client = invitation.u.invitation.invited;
            statement_identity_hash(&enrolment.u.enrolment.identity_key, practice,
                                    &model->client_identity);
            statement_chart_id(&model->client, practice, &model->chart);
            load->found = true;
        }
        statement_free(&invitation);
        statement_free(&enrolment);
    }
    arena_free(&arena);
}

static void ask_chain(struct load *load, struct peer *peer, ProtobufCBinaryData label,
                      peer_on_frame *on_frame)
{
    Alcove__ChainAsk ask = ALCOVE__CHAIN_ASK__INIT;
    ask.label = label;
    (void)peer_ask(peer, OP_CHAIN, &ask.base, on_frame, load);
}

static void on_state(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct arena arena = {0};
    const Alcove__StateReply *reply =
        (const void *)load_decode(&alcove__state_reply__descriptor, frame, &arena);
    size_t at = 0;
    while (at < reply->n_section && reply->section[at]->class_ == CLASS_DIRECTORY) {
        at++;
    }
    if (at < reply->n_section) {
        ask_chain(load, peer, reply->section[at]->label, on_section_chain);
    } else {
        for (size_t i = 0; i < reply->n_chain && i < 32; i++) {
            if (reply->chain[i]->subject == STATEMENT_INVITATION) {
                ask_chain(load, peer, reply->chain[i]->label, on_member_chain);
            }
        }
    }
    arena_free(&arena);
}

static void on_settled(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    struct arena arena = {0};
    author_stored(&worker->section,
                  (const void *)load_decode(&alcove__submit_reply__descriptor, frame, &arena));
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
void load_settle(struct load *load)
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

static void go_on(struct load *load, struct worker *worker)
{
    load_sample(load, worker->sent_us);
    if (peer_now_us() < load->until_us) {
        load_ask(load, worker);
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
                  (const void *)load_decode(&alcove__submit_reply__descriptor, frame, &arena));
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

void load_ask(struct load *load, struct worker *worker)
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

/* ---------------------------------------------------------------- push */

static void on_push_written(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct worker *worker = &load->workers[peer_index(peer)];
    struct arena arena = {0};
    author_stored(&worker->section,
                  (const void *)load_decode(&alcove__submit_reply__descriptor, frame, &arena));
    arena_free(&arena);
    load->settled++; /* answers */
}

/* The second connection hears of what the first one wrote; then the next is written. */
void load_on_push(void *state, struct peer *peer, const Alcove__Push *push)
{
    struct load *load = state;
    struct worker *writer = &load->workers[0];
    if (peer_index(peer) != 1 || push->section.len != ID_BYTES ||
        memcmp(push->section.data, writer->section.section.bytes, ID_BYTES) != 0) {
        return;
    }
    if (load->done < load->wanted) {
        load_sample(load, writer->sent_us);
    }
}

static void on_subscribed(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    (void)peer;
    peer_must(frame->code == STATUS_OK, "the subscription was refused");
    load->settled++;
}

void load_run_push(struct load *load)
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

/* ---------------------------------------------------------------- filling a section */

static void on_filled(void *context, struct peer *peer, const struct peer_frame *frame)
{
    struct load *load = context;
    struct arena arena = {0};
    author_stored(&load->workers[peer_index(peer)].section,
                  (const void *)load_decode(&alcove__submit_reply__descriptor, frame, &arena));
    arena_free(&arena);
    load->settled++;
}

void load_run_fill(struct load *load)
{
    const uint64_t each = (load->wanted + load->count - 1) / load->count;
    const size_t most = each < SUBMIT_REVISIONS_MAX ? (size_t)each : SUBMIT_REVISIONS_MAX;
    load->settled = 0;
    for (size_t asked = 0; load->done < load->wanted; asked++) {
        struct worker *worker = &load->workers[asked % load->count];
        const uint64_t rest = load->wanted - load->done;
        const size_t count = rest < most ? (size_t)rest : most;
        const struct author_bytes notes = author_new_notes(&load->author, &worker->section, count);
        (void)peer_ask_bytes(worker->peer, OP_SUBMIT, span_of(notes.data, notes.size), on_filled,
                             load);
        free(notes.data);
        load->done += count;
        while (load->settled <= asked) {
            peers_poll(load->peers, 1000);
        }
    }
    load->until_us = 0;
}
