#include "tests/unit/run/kit.h"

#include "keys/public/log/origin.h"
#include "proto/message.h"
#include "proto/words.h"
#include "server/run/signer_link.h"

#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t moved = PTHREAD_COND_INITIALIZER;

struct kit_shared kit_shared;

void kit_lock(void)
{
    assert_int_equal(pthread_mutex_lock(&mutex), 0);
}

void kit_unlock(void)
{
    assert_int_equal(pthread_mutex_unlock(&mutex), 0);
}

void kit_wait(size_t count)
{
    kit_lock();
    while (kit_shared.count < count) {
        assert_int_equal(pthread_cond_wait(&moved, &mutex), 0);
    }
    kit_unlock();
}

void kit_hold_signer(bool hold)
{
    kit_lock();
    kit_shared.hold = hold;
    (void)pthread_cond_broadcast(&moved);
    kit_unlock();
}

static void wait_for_signer(void)
{
    kit_lock();
    while (kit_shared.waiting == 0) {
        assert_int_equal(pthread_cond_wait(&moved, &mutex), 0);
    }
    kit_unlock();
}

/* ---- the parts that fail */

enum status signer_link_checkpoint(struct signer_link *link, struct txn *txn,
                                   struct signer_link_notes *out)
{
    (void)link;
    memset(out, 0, sizeof *out);
    out->checkpoints[ORIGIN_STATEMENTS].size = ledger_size(txn, LEDGER_STATEMENTS);
    out->checkpoints[ORIGIN_EVENTS].size = ledger_size(txn, LEDGER_EVENTS);
    kit_lock();
    kit_shared.waiting++;
    (void)pthread_cond_broadcast(&moved);
    while (kit_shared.hold) {
        (void)pthread_cond_wait(&moved, &mutex);
    }
    kit_shared.waiting--;
    enum status status = STATUS_OK;
    if (kit_shared.refusals > 0) {
        kit_shared.refusals--;
        status = STATUS_UNAVAILABLE;
    } else {
        kit_shared.signed_events = out->checkpoints[ORIGIN_EVENTS].size;
    }
    kit_unlock();
    return status;
}

bool signer_link_lost(const struct signer_link *link)
{
    (void)link;
    return false;
}

/* The linker's names for the wrapped functions. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum status __real_core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                               uint64_t now_ms, struct core_answer *answer);
enum status __wrap_core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                               uint64_t now_ms, struct core_answer *answer);
enum status __real_db_commit(struct txn *txn);
enum status __wrap_db_commit(struct txn *txn);

enum status __wrap_core_handle(struct core *core, struct txn *txn, const struct core_ask *ask,
                               uint64_t now_ms, struct core_answer *answer)
{
    enum status status = __real_core_handle(core, txn, ask, now_ms, answer);
    if (status == STATUS_OK && ask->op == kit_shared.poison && kit_shared.poison != 0) {
        return STATUS_NO_MEMORY;
    }
    if (status == STATUS_OK && ask->op == CORE_OP_LOGIN && ask->message != NULL &&
        ask->peer == NULL) {
        core_answer_clear(answer);
        answer->login = true;
        answer->peer = kit_shared.peer;
    }
    return status;
}

enum status __wrap_db_commit(struct txn *txn)
{
    enum status told = kit_shared.commit;
    if (told != STATUS_OK) {
        db_abort(txn);
        return told;
    }
    return __real_db_commit(txn);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- where answers go */

static void on_answer(void *state, struct run_request *request, struct run_checkpoints *heads)
{
    kit_lock();
    if (kit_shared.count < KIT_ANSWERS_MAX) {
        kit_shared.answers[kit_shared.count].connection = guest_number(request->guest);
        kit_shared.answers[kit_shared.count].op = request->ask.op;
        kit_shared.answers[kit_shared.count].status = request->answer.status;
        kit_shared.answers[kit_shared.count].close = request->answer.close;
        kit_shared.answers[kit_shared.count].event = request->answer.event;
        kit_shared.answers[kit_shared.count].signed_events =
            run_checkpoints_view(heads)->events_size;
        kit_shared.count++;
    }
    if (state != NULL) {
        assert_int_equal(write(*(const int *)state, "a", 1), 1);
    }
    (void)pthread_cond_broadcast(&moved);
    kit_unlock();
}

static void on_push(void *state, struct guest *guest, const struct core_effect *effect,
                    struct run_checkpoints *heads)
{
    (void)state;
    (void)guest;
    (void)effect;
    (void)heads;
    kit_lock();
    kit_shared.pushes++;
    kit_unlock();
}

static void on_cut(void *state, struct guest *guest)
{
    (void)state;
    (void)guest;
    kit_lock();
    kit_shared.cuts++;
    kit_shared.cut_after = kit_shared.count;
    kit_unlock();
}

/* ---- a running committer */

Alcove__EventsAsk kit_look_ask;

void kit_start(struct kit *r, struct scene *scene, int *pipe_end)
{
    struct run_output output = {pipe_end, on_answer, on_push, on_cut};
    memset(&kit_shared, 0, sizeof kit_shared);
    memset(r, 0, sizeof *r);
    alcove__events_ask__init(&kit_look_ask);
    kit_look_ask.scope = ACTION_LOG_OWN;
    kit_look_ask.limit = 1;
    r->scene = scene;
    OK(run_start(scene->db, scene->core, NULL, NULL, &output, &r->run));
}

void kit_stop(struct kit *r)
{
    run_finish(r->run);
    run_free(r->run);
    for (size_t i = 0; i < r->count; i++) {
        guest_drop(r->guests[i]);
    }
}

struct run_request *kit_request(struct guest *guest, uint32_t op, const ProtobufCMessage *message)
{
    struct run_request *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->guest = guest;
    guest_hold(guest);
    made->bytes = 100;
    made->ask.op = op;
    made->ask.message = message;
    made->ask.id = (struct request_id){{1}};
    return made;
}

void kit_offer(struct kit *r, struct guest *guest, uint32_t op, const ProtobufCMessage *message)
{
    assert_true(run_offer(r->run, kit_request(guest, op, message)));
}

struct guest *kit_send_login(struct kit *r, const struct make_person *person)
{
    static const uint8_t zeros[32];
    static Alcove__Login login = ALCOVE__LOGIN__INIT;
    struct guest *guest = guest_new(r->count + 1, zeros, zeros);
    assert_non_null(guest);
    r->guests[r->count++] = guest;
    kit_lock();
    scene_peer(r->scene, person, 0, &kit_shared.peer);
    kit_unlock();
    kit_offer(r, guest, CORE_OP_LOGIN, &login.base);
    return guest;
}

struct guest *kit_log_in(struct kit *r, const struct make_person *person)
{
    kit_lock();
    size_t answers = kit_shared.count;
    kit_unlock();
    struct guest *guest = kit_send_login(r, person);
    kit_wait(answers + 1);
    return guest;
}

void kit_offer_closed(struct kit *r, struct guest *guest)
{
    struct run_request *request = kit_request(guest, 0, NULL);
    request->closed = true;
    assert_true(run_offer(r->run, request));
}

void kit_gather(struct kit *r, struct guest *guest)
{
    kit_hold_signer(true);
    kit_offer(r, guest, OP_EVENTS, &kit_look_ask.base);
    wait_for_signer();
}
