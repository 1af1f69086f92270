#include "server/signer/signer_state.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/hash.h"
#include "keys/public/log/origin.h"

static const uint8_t STATE_MAGIC[4] = {'A', 'L', 'S', 3};

_Static_assert(ORIGIN_STATEMENTS == 0 && ORIGIN_EVENTS == 1, "logs are counted by origin");
_Static_assert(ORIGIN_CHARS_MAX <= CHECKPOINT_ORIGIN_BYTES_MAX, "an origin fits a checkpoint");

void signer_state_init(struct signer_state *state, const struct practice_id *practice)
{
    memset(state, 0, sizeof *state);
    state->practice = *practice;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        merkle_empty_root(&state->roots[i]);
    }
}

/* SIGNER_SIGNED when this log may be signed. */
static enum signer_answer state_judge(const struct signer_state *state, size_t log,
                                      const struct signer_request_log *request)
{
    uint64_t size = state->sizes[log];
    if (request->new_size < size) {
        return SIGNER_REWOUND;
    }
    if (request->new_size == size) {
        return ID_EQUAL(&request->root, &state->roots[log]) ? SIGNER_SIGNED : SIGNER_INCONSISTENT;
    }
    if (request->old_size != size) {
        return SIGNER_OTHER_SIZE;
    }
    return merkle_proof_check_consistency(&request->proof, size, &state->roots[log],
                                          request->new_size, &request->root) == STATUS_OK
               ? SIGNER_SIGNED
               : SIGNER_INCONSISTENT;
}

/* The worst of both logs: a rewound one is told before one that is merely ahead. */
static enum signer_answer state_judge_all(const struct signer_state *state,
                                          const struct signer_request *request)
{
    static const enum signer_answer order[] = {SIGNER_INCONSISTENT, SIGNER_REWOUND,
                                               SIGNER_OTHER_SIZE};
    enum signer_answer answers[SIGNER_LOGS];
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        answers[i] = state_judge(state, i, &request->logs[i]);
    }
    for (size_t o = 0; o < ARRAY_LEN(order); o++) {
        for (size_t i = 0; i < SIGNER_LOGS; i++) {
            if (answers[i] == order[o]) {
                return order[o];
            }
        }
    }
    return SIGNER_SIGNED;
}

static enum status sign(const struct signer_state *state, const struct log_key *key,
                        struct signer_reply *reply)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < SIGNER_LOGS; i++) {
        struct checkpoint checkpoint;
        memset(&checkpoint, 0, sizeof checkpoint);
        origin_format(&state->practice, (enum origin_log)i, checkpoint.origin);
        checkpoint.size = state->sizes[i];
        checkpoint.root = state->roots[i];
        status = log_key_sign(key, &checkpoint, reply->logs[i].note, &reply->logs[i].note_size);
    }
    return status;
}

/* The state after the request, whose heads may be signed. */
static bool grow(const struct signer_state *state, const struct signer_request *request,
                 struct signer_state *next)
{
    bool grown = false;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        if (request->logs[i].new_size != state->sizes[i]) {
            next->sizes[i] = request->logs[i].new_size;
            next->roots[i] = request->logs[i].root;
            grown = true;
        }
    }
    if (grown) {
        next->sequence++;
        next->again = false;
    }
    return grown;
}

/* Nothing of these two is remembered: a head that is signed once more has the same bytes, and a
 * backup's manifest is no head. */
static enum status answer_aside(const struct signer_state *state, const struct log_key *key,
                                const struct signer_request *request, struct signer_reply *reply)
{
    if (request->kind == SIGNER_KIND_LAST) {
        return sign(state, key, reply);
    }
    reply->has_signature = true;
    return log_key_sign_backup(key, &state->practice, &request->manifest, &reply->signature);
}

bool signer_state_answer(const struct signer_state *state, const struct log_key *key,
                         const struct signer_request *request, struct signer_reply *out_reply,
                         struct signer_state *out_next)
{
    memset(out_reply, 0, sizeof *out_reply);
    *out_next = *state;
    bool ours = ID_EQUAL(&request->practice, &state->practice);
    bool aside = request->kind != SIGNER_KIND_SIGN;
    out_reply->answer = !ours   ? SIGNER_BAD_REQUEST
                        : aside ? SIGNER_SIGNED
                                : state_judge_all(state, request);
    enum status status = STATUS_OK;
    bool grown = false;
    if (out_reply->answer == SIGNER_SIGNED && aside) {
        status = answer_aside(state, key, request, out_reply);
    } else if (out_reply->answer == SIGNER_SIGNED) {
        grown = grow(state, request, out_next);
        status = sign(out_next, key, out_reply);
    }
    if (status != STATUS_OK) { /* a size above 2^63 - 1 */
        memset(out_reply, 0, sizeof *out_reply);
        out_reply->answer = SIGNER_BAD_REQUEST;
        *out_next = *state;
        grown = false;
    }
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        out_reply->logs[i].size = out_next->sizes[i];
    }
    return grown;
}

void signer_state_encode(const struct signer_state *state, uint8_t out[SIGNER_STATE_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, SIGNER_STATE_BYTES);
    cursor_write_span(&writer, span_of(STATE_MAGIC, sizeof STATE_MAGIC));
    cursor_write_u64(&writer, state->sequence);
    cursor_write_u8(&writer, state->again ? 1 : 0);
    cursor_write_span(&writer, ID_SPAN(&state->practice));
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        cursor_write_u64(&writer, state->sizes[i]);
        cursor_write_span(&writer, ID_SPAN(&state->roots[i]));
    }
    struct hash check;
    hash_bytes(span_of(out, SIGNER_STATE_BYTES - HASH_BYTES), &check);
    cursor_write_span(&writer, ID_SPAN(&check));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == SIGNER_STATE_BYTES);
}

enum status signer_state_decode(struct span bytes, struct signer_state *out_state)
{
    memset(out_state, 0, sizeof *out_state);
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    struct span magic = cursor_read_span(&reader, sizeof STATE_MAGIC);
    out_state->sequence = cursor_read_u64(&reader);
    uint8_t again = cursor_read_u8(&reader);
    out_state->again = again == 1;
    cursor_read_bytes(&reader, out_state->practice.bytes, HASH_BYTES);
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        out_state->sizes[i] = cursor_read_u64(&reader);
        cursor_read_bytes(&reader, out_state->roots[i].bytes, HASH_BYTES);
    }
    struct hash stored;
    cursor_read_bytes(&reader, stored.bytes, HASH_BYTES);
    if (magic.size == sizeof STATE_MAGIC && memcmp(magic.data, STATE_MAGIC, 3) == 0 &&
        magic.data[3] != STATE_MAGIC[3]) {
        return STATUS_UNSUPPORTED;
    }
    if (cursor_read_done(&reader) != STATUS_OK || again > 1 ||
        !span_equal(magic, span_of(STATE_MAGIC, sizeof STATE_MAGIC))) {
        return STATUS_CORRUPT;
    }
    struct hash check;
    hash_bytes(span_of(bytes.data, SIGNER_STATE_BYTES - HASH_BYTES), &check);
    return ID_EQUAL(&check, &stored) ? STATUS_OK : STATUS_CORRUPT;
}
