#include "client/engine/log/carried.h"

#include "client/engine/common/alarm.h"
#include "client/engine/log/advance.h"

static enum status check_statements(struct log *log, const struct seen *seen)
{
    if (seen->statements_size == 0) {
        return STATUS_OK;
    }
    struct hash root;
    enum status status = leaves_root_at(&log->leaves, seen->statements_size, &root);
    if (status != STATUS_OK) {
        return status;
    }
    return ID_EQUAL(&root, &seen->statements_root) ? STATUS_OK : STATUS_EQUIVOCATION;
}

static struct carried *place_for(struct carried_list *list, const struct hash *device)
{
    struct carried *smallest = &list->items[0];
    for (size_t i = 0; i < list->count; i++) {
        if (ID_EQUAL(&list->items[i].device, device)) {
            return &list->items[i];
        }
        if (list->items[i].seen.events_size < smallest->seen.events_size) {
            smallest = &list->items[i];
        }
    }
    return list->count < CARRIED_MAX ? &list->items[list->count++] : smallest;
}

enum status carried_check(struct log *log, const struct hash *device, const struct seen *seen)
{
    if (ID_EQUAL(device, &log->common->content->device_statement) ||
        seen->statements_size > log->leaves.count) {
        return STATUS_OK;
    }
    return check_statements(log, seen);
}

void carried_take(struct log *log, const struct hash *device, const struct seen *seen)
{
    if (ID_EQUAL(device, &log->common->content->device_statement)) {
        return;
    }
    struct carried *place = place_for(&log->carried, device);
    if (seen->events_size >= place->seen.events_size) {
        *place = (struct carried){.device = *device, .seen = *seen};
    }
}

static void done(struct carried_list *list)
{
    list->count--;
    memmove(&list->items[0], &list->items[1], list->count * sizeof list->items[0]);
    list->items[list->count] = (struct carried){.waited = false};
    list->has_path = false;
    list->has_leaf = false;
}

static void hex(const struct hash *hash, char out[17])
{
    for (size_t i = 0; i < 8; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", hash->bytes[i]);
    }
}

static enum status forked(struct log *log, const struct carried *carried, enum status status)
{
    char theirs[17];
    hex(&carried->seen.events_root, theirs);
    char ours[17];
    hex(&log->events.root, ours);
    char evidence[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(evidence, sizeof evidence,
                   "an author signed %llu statements and %llu events (root %s); here: %llu and "
                   "%llu (root %s)",
                   (unsigned long long)carried->seen.statements_size,
                   (unsigned long long)carried->seen.events_size, theirs,
                   (unsigned long long)log->leaves.count, (unsigned long long)log->events.size,
                   ours);
    return alarm_stop(log->common, status,
                      "The server shows somebody another history of the practice than us.",
                      evidence);
}

static enum status ask_path(struct log *log, uint64_t index)
{
    Alcove__ProofAsk ask;
    alcove__proof_ask__init(&ask);
    ask.log = ADVANCE_EVENTS;
    ask.index = index;
    ask.size = log->carried.own.size;
    struct request *request = NULL;
    enum status status = request_ask(&log->common->requests, OP_PROOF, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->from = index;
    }
    return status;
}

/* The author's last leaf and its neighbour, which is in our tree too since ours is larger. */
static enum status ask_proof(struct log *log, const struct carried *carried)
{
    struct carried_list *list = &log->carried;
    uint64_t last = carried->seen.events_size - 1;
    list->own = log->events;
    list->has_path = false;
    list->has_leaf = false;
    enum status status = ask_path(log, last);
    return status == STATUS_OK ? ask_path(log, last ^ 1u) : status;
}

/* Whether the first item is ahead of what we hold. Then a newer checkpoint must show it: the
 * author saw it before us, so the server has signed it. */
static enum status wait(struct log *log, struct carried *first)
{
    if (first->waited) {
        return forked(log, first, STATUS_EQUIVOCATION);
    }
    first->waited = true;
    log->common->wants.checkpoint = true;
    return STATUS_OK;
}

enum status carried_next(struct log *log, bool *out_asked)
{
    struct carried_list *list = &log->carried;
    *out_asked = false;
    while (list->count > 0) {
        struct carried *first = &list->items[0];
        const struct seen *seen = &first->seen;
        if (seen->statements_size > log->leaves.count || seen->events_size > log->events.size) {
            return wait(log, first);
        }
        enum status status = check_statements(log, seen);
        if (status == STATUS_OK && seen->events_size == log->events.size && seen->events_size > 0 &&
            !ID_EQUAL(&seen->events_root, &log->events.root)) {
            status = STATUS_EQUIVOCATION;
        }
        if (status != STATUS_OK) {
            return alarm_is_ours(status) ? status : forked(log, first, status);
        }
        if (seen->events_size > 0 && seen->events_size < log->events.size) {
            *out_asked = true;
            return ask_proof(log, first);
        }
        done(list);
    }
    return STATUS_OK;
}

/* The root of the tree that ends with leaf |index|, from its path in a larger one: there it has
 * no right sides (RFC 9162, 2.1.3.2, with the right steps left out). */
static void root_ending(const struct carried_list *list, uint64_t index, struct hash *out_root)
{
    uint64_t at = index;
    uint64_t last = list->own.size - 1;
    *out_root = list->leaf;
    for (size_t i = 0; i < list->path.count; i++) {
        if ((at & 1u) != 0 || at == last) {
            merkle_node_hash(&list->path.hashes[i], out_root, out_root);
            while ((at & 1u) == 0 && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        }
        at >>= 1;
        last >>= 1;
    }
}

static enum status judge(struct log *log)
{
    struct carried_list *list = &log->carried;
    const struct carried *first = &list->items[0];
    uint64_t last = first->seen.events_size - 1;
    enum status status = merkle_proof_check_inclusion(&list->path, &list->leaf, last,
                                                      list->own.size, &list->own.root);
    struct hash root;
    if (status == STATUS_OK) {
        root_ending(list, last, &root);
        status = ID_EQUAL(&root, &first->seen.events_root) ? STATUS_OK : STATUS_EQUIVOCATION;
    }
    if (status != STATUS_OK) {
        return forked(log, first, status);
    }
    done(list);
    return STATUS_OK;
}

enum status carried_reply(struct log *log, const struct request *request,
                          const Alcove__ProofReply *reply)
{
    struct carried_list *list = &log->carried;
    CHECK(list->count > 0);
    bool path = request->from == list->items[0].seen.events_size - 1;
    if (reply->n_inclusion == 0 || reply->n_inclusion > MERKLE_PROOF_HASHES_MAX) {
        return forked(log, &list->items[0], STATUS_BAD_PROOF);
    }
    struct merkle_proof proof = {.count = reply->n_inclusion};
    for (size_t i = 0; i < reply->n_inclusion; i++) {
        if (!field_hash(reply->inclusion[i], &proof.hashes[i])) {
            return alarm_stop(log->common, STATUS_MALFORMED,
                              "The server's answer is not well formed.", "proof");
        }
    }
    if (path) {
        list->path = proof;
    } else {
        list->leaf = proof.hashes[0];
    }
    list->has_path |= path;
    list->has_leaf |= !path;
    return list->has_path && list->has_leaf ? judge(log) : STATUS_OK;
}
