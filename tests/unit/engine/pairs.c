#include "tests/unit/engine/pairs.h"

#include "tests/support/test.h"

#define STEPS_MAX 12

static struct inproc_frame *take(struct inproc_link *link)
{
    struct inproc_frame *frame = link->first;
    if (frame != NULL) {
        link->first = frame->next;
        link->last = link->first == NULL ? NULL : link->last;
    }
    return frame;
}

enum status pairs_begin_new(struct pairs *pairs, const char *code, const char *name,
                            struct inproc_link *link, struct pair_new **out_new)
{
    struct join *join = NULL;
    enum status status = join_new(span_of(code, strlen(code)), INVITATION_KIND_DEVICE, &join);
    if (status != STATUS_OK) {
        return status;
    }
    inproc_connect(&pairs->scene.server, link);
    join_start(join);
    for (int step = 0; step < STEPS_MAX && status == STATUS_OK; step++) {
        struct inproc_frame *frame = NULL;
        while ((frame = take(link)) != NULL) {
            status = status == STATUS_OK ? join_receive(join, span_of(frame->data, frame->size),
                                                        pairs->scene.server.now_ms)
                                         : status;
            free(frame->data);
            free(frame);
        }
        struct span out;
        while (status == STATUS_OK && join_next_frame(join, &out)) {
            inproc_handle(link, out);
        }
    }
    if (status == STATUS_OK) {
        assert_int_equal(join_phase(join), JOIN_VERIFIED);
        status = pair_new_begin(join, span_of(name, strlen(name)), out_new);
    }
    inproc_disconnect(link);
    if (status == STATUS_OK) {
        inproc_connect(&pairs->scene.server, link);
        pair_new_start(*out_new);
    }
    join_free(join);
    return status;
}

void pairs_open(struct pairs *pairs)
{
    memset(pairs, 0, sizeof *pairs);
    scene_open(&pairs->scene);
    OK(act_pair_offer(pairs->scene.therapist.engine, pairs->scene.server.now_ms, &pairs->offer));
    invitation_code_encode(&pairs->offer.code, pairs->code);
    OK(pair_old_begin(&pairs->offer, &pairs->old_side));
    inproc_connect(&pairs->scene.server, &pairs->old_link);
    pair_old_start(pairs->old_side);
    pairs_run_old(pairs); /* opens the meeting */
    OK(pairs_begin_new(pairs, pairs->code, "Laptop", &pairs->new_link, &pairs->new_side));
}

void pairs_close(struct pairs *pairs)
{
    pair_old_free(pairs->old_side);
    pair_new_free(pairs->new_side);
    inproc_disconnect(&pairs->old_link);
    if (pairs->new_link.server != NULL) {
        inproc_disconnect(&pairs->new_link);
    }
    scene_close(&pairs->scene);
}

void pairs_run_old(struct pairs *pairs)
{
    for (int step = 0; step < STEPS_MAX && pairs->old_status == STATUS_OK; step++) {
        struct inproc_frame *frame = NULL;
        while ((frame = take(&pairs->old_link)) != NULL) {
            if (pairs->old_status == STATUS_OK) {
                pairs->old_status =
                    pair_old_receive(pairs->old_side, span_of(frame->data, frame->size));
            }
            free(frame->data);
            free(frame);
        }
        OK(pair_old_poll(pairs->old_side));
        struct span out;
        while (pair_old_next_frame(pairs->old_side, &out)) {
            inproc_handle(&pairs->old_link, out);
        }
    }
}

void pairs_run_new(struct pairs *pairs)
{
    for (int step = 0; step < STEPS_MAX && pairs->new_status == STATUS_OK; step++) {
        struct inproc_frame *frame = NULL;
        while ((frame = take(&pairs->new_link)) != NULL) {
            if (pairs->new_status == STATUS_OK) {
                pairs->new_status =
                    pair_new_receive(pairs->new_side, span_of(frame->data, frame->size));
            }
            free(frame->data);
            free(frame);
        }
        OK(pair_new_poll(pairs->new_side));
        struct span out;
        while (pair_new_next_frame(pairs->new_side, &out)) {
            inproc_handle(&pairs->new_link, out);
        }
    }
}

void pairs_run(struct pairs *pairs)
{
    for (int round = 0; round < 6; round++) {
        pairs_run_new(pairs);
        pairs_run_old(pairs);
    }
}

uint32_t pairs_number(const struct pairs *pairs, bool old)
{
    if (old) {
        enum pair_old_phase phase = pair_old_phase(pairs->old_side);
        return phase == PAIR_OLD_WAITING     ? 1
               : phase == PAIR_OLD_WELCOMING ? 2
               : phase == PAIR_OLD_AGREED    ? 3
                                             : 4;
    }
    enum pair_new_phase phase = pair_new_phase(pairs->new_side);
    return phase == PAIR_NEW_COMMITTED ? 1
           : phase == PAIR_NEW_SHOWING ? 2
           : phase == PAIR_NEW_SIGNED  ? 3
                                       : 4;
}

void pairs_compare(struct pairs *pairs)
{
    OK(pairs->new_status);
    OK(pairs->old_status);
    OK(pair_old_compare(pairs->old_side, pair_new_digits(pairs->new_side)));
}

static const struct act_device_keys *keys_of(const struct pairing_reveal *reveal,
                                             struct act_device_keys *keys)
{
    *keys = (struct act_device_keys){reveal->device, reveal->content_key, reveal->login_key,
                                     reveal->sealing_key};
    return keys;
}

void pairs_agree(struct pairs *pairs)
{
    struct act_device_keys keys;
    uint8_t *body = NULL;
    size_t size = 0;
    OK(act_device_body(pairs->scene.therapist.engine,
                       keys_of(pair_old_revealed(pairs->old_side), &keys), &body, &size));
    OK(pair_old_agree(pairs->old_side, span_of(body, size)));
    free(body);
    pairs_run(pairs);
}

void pairs_hand(struct pairs *pairs)
{
    struct act_pair_said said = {&pairs->offer.code, *pair_old_transcript(pairs->old_side),
                                 pair_old_revealed(pairs->old_side)->sealing_key,
                                 pair_old_body(pairs->old_side)};
    uint8_t *sealed = NULL;
    size_t size = 0;
    OK(act_pair_hand(pairs->scene.therapist.engine, &said, &sealed, &size));
    OK(pair_old_hand(pairs->old_side, span_of(sealed, size)));
    free(sealed);
    pairs_run(pairs);
}

void pairs_add(struct pairs *pairs, struct inproc_person *out)
{
    *out = (struct inproc_person){.server = &pairs->scene.server};
    OK(pair_new_take_content(pairs->new_side, &out->content));
    out->storage = memory_storage_new();
    struct storage storage;
    memory_storage_get(out->storage, &storage);
    OK(act_pair_keep(&storage, pair_new_names(pairs->new_side)));
    OK(pair_new_stored(pairs->new_side));
    pairs_run(pairs);
    assert_int_equal(pair_old_phase(pairs->old_side), PAIR_OLD_STORED);
    uint64_t ticket = 0;
    OK(act_device(pairs->scene.therapist.engine, pair_old_body(pairs->old_side),
                  pair_old_signature(pairs->old_side), pairs->scene.server.now_ms, &ticket));
    scene_wait(&pairs->scene.therapist, ticket);
    OK(pair_old_added(pairs->old_side));
    pairs_run(pairs);
    assert_int_equal(pair_new_phase(pairs->new_side), PAIR_NEW_DONE);
    inproc_start(out);
    inproc_sync(out);
}
