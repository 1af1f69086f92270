#include "client/engine/log/advance.h"

#include "client/engine/common/clock.h"
#include "keys/public/log/checkpoint.h"
#include "keys/public/log/merkle_proof.h"
#include "keys/public/log/origin.h"

static bool is_zero(const struct public_key *key)
{
    static const struct public_key none;
    return ID_EQUAL(key, &none);
}

enum status advance_open(const struct log *log, enum advance_log which, struct span note,
                         struct seen_log *out_seen)
{
    char origin[ORIGIN_CHARS_MAX];
    origin_format(&log->common->practice,
                  which == ADVANCE_EVENTS ? ORIGIN_EVENTS : ORIGIN_STATEMENTS, origin);
    const struct keystore_pins *pins = &log->common->content->pins;
    const struct public_key *keys[] = {&pins->log_key, &pins->log_key_next};
    enum status status = STATUS_BAD_SIGNATURE;
    for (size_t i = 0; i < ARRAY_LEN(keys) && status == STATUS_BAD_SIGNATURE; i++) {
        if (is_zero(keys[i])) {
            continue;
        }
        struct note_key key;
        status = note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, keys[i], &key);
        if (status != STATUS_OK) {
            return status;
        }
        struct checkpoint checkpoint;
        status = checkpoint_open(note, &key, NULL, 0, &checkpoint, NULL);
        if (status == STATUS_OK) {
            out_seen->size = checkpoint.size;
            out_seen->root = checkpoint.root;
        }
    }
    return status;
}

enum status advance_extends(const struct seen_log *from, const struct seen_log *next,
                            const ProtobufCBinaryData *path, size_t path_count)
{
    if (next->size < from->size) {
        return STATUS_REWOUND;
    }
    if (next->size == from->size && from->size > 0 && !ID_EQUAL(&next->root, &from->root)) {
        return STATUS_EQUIVOCATION;
    }
    struct merkle_proof proof = {.count = path_count};
    if (path_count > MERKLE_PROOF_HASHES_MAX) {
        return STATUS_BAD_PROOF;
    }
    for (size_t i = 0; i < path_count; i++) {
        if (path[i].len != HASH_BYTES) {
            return STATUS_MALFORMED;
        }
        memcpy(proof.hashes[i].bytes, path[i].data, HASH_BYTES);
    }
    return merkle_proof_check_consistency(&proof, from->size, &from->root, next->size, &next->root);
}

enum status advance_check(const struct log *log, enum advance_log which,
                          const Alcove__Advance *advance, const struct seen_log *from,
                          struct seen_log *out_seen)
{
    if (advance == NULL) {
        return STATUS_MALFORMED;
    }
    enum status status = advance_open(log, which, field_span(advance->checkpoint), out_seen);
    if (status != STATUS_OK) {
        return status;
    }
    return advance_extends(from, out_seen, advance->consistency, advance->n_consistency);
}

void advance_accept(struct log *log, enum advance_log which, const struct seen_log *next)
{
    bool events = which == ADVANCE_EVENTS;
    struct seen_log *mine = events ? &log->events : &log->statements;
    struct keystore_checkpoint *kept =
        events ? &log->common->content->events : &log->common->content->statements;
    CHECK(next->size >= mine->size);
    if (next->size == mine->size) {
        return;
    }
    *mine = *next;
    kept->size = next->size;
    kept->root = next->root;
    common_changed(log->common);
}

void advance_floor(struct log *log, uint64_t size, uint64_t time_ms)
{
    if (size == log->floor.size) {
        log->floor.time_ms = time_ms > log->floor.time_ms ? time_ms : log->floor.time_ms;
    } else {
        log->next_floor = (struct log_floor){.size = size, .time_ms = time_ms};
    }
}

void advance_seen(const struct log *log, Alcove__Seen *out_seen)
{
    alcove__seen__init(out_seen);
    out_seen->statements_size = log->statements.size;
    out_seen->events_size = log->events.size;
    if (log->statements.size > 0) {
        out_seen->statements_root = field_of(log->statements.root.bytes, HASH_BYTES);
    }
    if (log->events.size > 0) {
        out_seen->events_root = field_of(log->events.root.bytes, HASH_BYTES);
    }
}

struct authority_when advance_when(const struct log *log)
{
    return authority_now(clock_writer_ms(log->common));
}
