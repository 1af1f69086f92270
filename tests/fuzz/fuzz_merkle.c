/*
 * Proofs: index or old size (u64), size (u64), first hash, root, then the hashes.
 * A proof that passes must not pass with one bit of any part changed.
 */
#include "tests/fuzz/fuzz.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/log/merkle_proof.h"

struct merkle_input {
    uint64_t first;
    uint64_t size;
    struct hash from;
    struct hash root;
    struct merkle_proof proof;
};

static bool merkle_input_read(struct span bytes, struct merkle_input *out)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    out->first = cursor_read_u64(&reader);
    out->size = cursor_read_u64(&reader);
    cursor_read_bytes(&reader, out->from.bytes, HASH_BYTES);
    cursor_read_bytes(&reader, out->root.bytes, HASH_BYTES);
    struct span hashes = cursor_read_rest(&reader);
    return cursor_read_done(&reader) == STATUS_OK &&
           merkle_proof_decode(hashes, &out->proof) == STATUS_OK;
}

static bool merkle_passes(const struct merkle_input *input, bool consistency)
{
    if (consistency) {
        return merkle_proof_check_consistency(&input->proof, input->first, &input->from,
                                              input->size, &input->root) == STATUS_OK;
    }
    return merkle_proof_check_inclusion(&input->proof, &input->from, input->first, input->size,
                                        &input->root) == STATUS_OK;
}

static void merkle_try(struct merkle_input *input, bool consistency)
{
    if (!merkle_passes(input, consistency) || (consistency && input->first == 0)) {
        return;
    }
    input->root.bytes[31] ^= 1u;
    CHECK(!merkle_passes(input, consistency));
    input->root.bytes[31] ^= 1u;
    input->from.bytes[0] ^= 0x80u;
    CHECK(!merkle_passes(input, consistency));
    input->from.bytes[0] ^= 0x80u;
    for (size_t i = 0; i < input->proof.count; i++) {
        input->proof.hashes[i].bytes[i % HASH_BYTES] ^= 1u;
        CHECK(!merkle_passes(input, consistency));
        input->proof.hashes[i].bytes[i % HASH_BYTES] ^= 1u;
    }
    if (input->proof.count > 0) {
        input->proof.count--;
        CHECK(!merkle_passes(input, consistency));
        input->proof.count++;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct merkle_input input;
    if (merkle_input_read(span_of(data, size), &input)) {
        merkle_try(&input, false);
        merkle_try(&input, true);
    }
    return 0;
}
