/* Signed notes and checkpoints, opened with the keys of the corpus. */
#include "tests/fuzz/fuzz.h"

#include "keys/public/log/checkpoint.h"
#include "tests/support/vkey.h"

static const char *const note_vkeys[] = {
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "log.example/sample+be222aa4+Ac7MFQfcHd1ylZUcKQiI8JWtuQRNG3PWlubfBl1oO9T8",
};

static void note_open(struct span note, const struct note_key *keys, size_t count)
{
    struct signed_note opened;
    if (signed_note_open(note, keys, count, &opened) != STATUS_OK) {
        return;
    }
    CHECK(opened.signer_count > 0 && opened.signer_count <= count);
    CHECK(opened.text.data == note.data && opened.text.size + 1u < note.size);
    CHECK(signed_note_text_valid(opened.text));
}

static void note_checkpoint(struct span text)
{
    struct checkpoint checkpoint;
    char again[CHECKPOINT_TEXT_BYTES_MAX];
    size_t size = 0;
    if (checkpoint_parse(text, &checkpoint) == STATUS_OK) {
        CHECK(checkpoint_format(&checkpoint, again, &size) == STATUS_OK);
        CHECK(span_equal(span_of(again, size), text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = span_of(data, size);
    struct note_key keys[ARRAY_LEN(note_vkeys)];
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct span vkey = span_of(note_vkeys[i], strlen(note_vkeys[i]));
        CHECK(vkey_parse(vkey, &keys[i]) == STATUS_OK);
    }
    note_open(input, keys, ARRAY_LEN(keys));
    note_checkpoint(input);
    struct checkpoint checkpoint;
    if (checkpoint_open(input, &keys[2], keys, 2, &checkpoint, NULL) == STATUS_OK) {
        CHECK(strcmp(checkpoint.origin, keys[2].name) == 0);
    }
    return 0;
}
