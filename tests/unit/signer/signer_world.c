#include "signer_world.h"

#include "keys/public/log/origin.h"
#include "store_fixture.h"
#include "tests/support/test.h"

_Static_assert(WORLD_LEAVES <= TREE_LEAVES, "a history fits a tree");

uint64_t world_random(struct world *world, uint64_t limit)
{
    return fixture_random(world->seed) % limit;
}

/* A history that is the history |from| up to |common|, and different from there on. */
static void grow_tree(struct world *world, struct world_log *log, size_t from, uint64_t common)
{
    size_t made = log->tree_count++;
    log->trees[made] = tree_new();
    for (size_t i = 0; i < WORLD_LEAVES; i++) {
        uint64_t leaf = i < common ? log->leaves[from][i] : fixture_random(world->seed);
        log->leaves[made][i] = leaf;
        tree_append(log->trees[made], span_of((const uint8_t *)&leaf, sizeof leaf));
    }
}

void world_init(struct world *world, uint64_t *seed, const struct practice_id *practice,
                const struct public_key *signer)
{
    memset(world, 0, sizeof *world);
    world->seed = seed;
    world->practice = *practice;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        char origin[ORIGIN_CHARS_MAX];
        origin_format(practice, (enum origin_log)i, origin);
        OK(note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, signer,
                         &world->keys[i]));
        grow_tree(world, &world->logs[i], 0, 0);
    }
}

void world_deinit(struct world *world)
{
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        for (size_t tree = 0; tree < world->logs[i].tree_count; tree++) {
            free(world->logs[i].trees[tree]);
        }
    }
}

bool world_branch(struct world *world)
{
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        struct world_log *log = &world->logs[i];
        if (log->tree_count == WORLD_TREES) {
            return false;
        }
        uint64_t back = world_random(world, 4);
        uint64_t near = log->newest + world_random(world, 3);
        size_t from = world_random(world, 4) != 0 ? log->current
                                                  : (size_t)world_random(world, log->tree_count);
        grow_tree(world, log, from, near < back ? 0 : near - back);
    }
    return true;
}

bool world_is_full(const struct world *world)
{
    bool full = world->logs[0].tree_count == WORLD_TREES;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        full = full || world->logs[i].told + 4 > WORLD_LEAVES;
    }
    return full;
}

static void ask_for(const struct tree *tree, uint64_t from, uint64_t to,
                    struct signer_request_log *out)
{
    memset(out, 0, sizeof *out);
    out->old_size = from;
    out->new_size = to;
    out->root = tree->roots[to];
    if (from <= to) {
        OK(merkle_proof_consistency(&tree->source, from, to, &out->proof));
    }
}

/* The one that was signed last, the one that branched off last, or any. */
static size_t choose_tree(struct world *world, const struct world_log *log)
{
    uint64_t how = world_random(world, 4);
    return how < 2    ? log->current
           : how == 2 ? log->tree_count - 1
                      : (size_t)world_random(world, log->tree_count);
}

/* Mostly from the size that the signer told, to a few more leaves or none, in any history. */
void world_request(struct world *world, bool once_more, struct signer_request *out_request)
{
    if (world->asked && (once_more || world_random(world, 4) == 0)) {
        *out_request = world->last;
        return;
    }
    memset(out_request, 0, sizeof *out_request);
    out_request->practice = world->practice;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        struct world_log *log = &world->logs[i];
        world->offered[i] = choose_tree(world, log);
        uint64_t from = log->told;
        uint64_t to = from + world_random(world, 4);
        if (world_random(world, 8) == 0) { /* as a database that was put back would ask */
            from -= from > 2 ? world_random(world, 3) : 0;
            to -= to > 3 ? world_random(world, 4) : 0;
        }
        to = to > WORLD_LEAVES ? WORLD_LEAVES : to;
        ask_for(log->trees[world->offered[i]], from, to, &out_request->logs[i]);
    }
    world->last = *out_request;
    world->asked = true;
}

void world_honest_request(struct world *world, const struct hash roots[static SIGNER_LOGS],
                          struct signer_request *out_request)
{
    memset(out_request, 0, sizeof *out_request);
    out_request->practice = world->practice;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        struct world_log *log = &world->logs[i];
        size_t tree = 0;
        while (tree < log->tree_count &&
               !ID_EQUAL(&log->trees[tree]->roots[log->told], &roots[i])) {
            tree++;
        }
        assert_true(tree < log->tree_count); /* else it remembers what was never asked for */
        world->offered[i] = tree;
        uint64_t to = log->told < WORLD_LEAVES ? log->told + 1 : log->told;
        ask_for(log->trees[tree], log->told, to, &out_request->logs[i]);
    }
}

/* What is wrong with a signature under |size| of |tree| beside those that left before. */
static const char *judge(const struct world_log *log, const struct tree *tree, uint64_t size,
                         const struct signer_note *note)
{
    const struct world_signed *same = &log->signed_at[size];
    if (same->have && !ID_EQUAL(&same->root, &tree->roots[size])) {
        return "two roots of one size";
    }
    if (same->have && (same->note_size != note->note_size ||
                       memcmp(same->note, note->note, note->note_size) != 0)) {
        return "two notes of one root";
    }
    if (size < log->newest) {
        return "a size that goes back";
    }
    for (uint64_t before = 0; before < size; before++) {
        if (log->signed_at[before].have &&
            !ID_EQUAL(&log->signed_at[before].root, &tree->roots[before])) {
            return "a history that does not extend what was signed";
        }
    }
    return NULL;
}

void world_take(struct world *world, const struct signer_request *request,
                const struct signer_reply *reply)
{
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        world->logs[i].told = reply->logs[i].size;
    }
    if (reply->answer != SIGNER_SIGNED) {
        world->refused++;
        for (size_t i = 0; i < SIGNER_LOGS; i++) {
            assert_int_equal(reply->logs[i].note_size, 0);
        }
        return;
    }
    world->signatures++;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        struct world_log *log = &world->logs[i];
        const struct tree *tree = log->trees[world->offered[i]];
        const struct signer_note *note = &reply->logs[i];
        struct checkpoint said;
        OK(checkpoint_open(span_of(note->note, note->note_size), &world->keys[i], NULL, 0, &said,
                           NULL));
        assert_int_equal(said.size, request->logs[i].new_size);
        assert_memory_equal(&said.root, &tree->roots[said.size], sizeof said.root);
        const char *wrong = judge(log, tree, said.size, note);
        if (wrong != NULL) {
            world->violations++;
            world->violation = wrong;
        }
        struct world_signed *now = &log->signed_at[said.size];
        now->have = true;
        now->root = said.root;
        now->note_size = note->note_size;
        memcpy(now->note, note->note, note->note_size);
        log->newest = said.size > log->newest ? said.size : log->newest;
        log->current = world->offered[i];
    }
}
