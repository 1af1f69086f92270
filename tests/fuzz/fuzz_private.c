/*
 * What keys_private reads: invitation codes, recovery cards, the keystore's content, headers
 * of passphrase files, padding, passphrases. The first byte chooses.
 */
#include "tests/fuzz/fuzz.h"

#include "keys/private/code_text.h"
#include "keys/private/invitation.h"
#include "keys/private/keystore_codec.h"
#include "keys/private/pad.h"
#include "keys/private/passphrase.h"

static void private_invitation(struct span text)
{
    struct invitation_code code;
    if (invitation_code_parse(text, INVITATION_KIND_JOIN, &code) != STATUS_OK) {
        CHECK(code.address[0] == '\0');
        return;
    }
    CHECK(invitation_code_kind(text) == INVITATION_KIND_JOIN);
    char written[INVITATION_TEXT_CHARS_MAX + 1];
    invitation_code_encode(&code, written);
    struct invitation_code again;
    CHECK(invitation_code_parse(span_of(written, strlen(written)), INVITATION_KIND_JOIN, &again) ==
          STATUS_OK);
    CHECK(memcmp(&code, &again, sizeof code) == 0);
}

static void private_card(struct span text)
{
    struct span prefix = span_of("ALCOVE1-RECOVERY:", 17);
    uint8_t payload[32];
    uint8_t again[32];
    char written[CODE_TEXT_CHARS_MAX];
    if (code_text_decode(prefix, text, payload, sizeof payload) == STATUS_OK) {
        code_text_encode(prefix, span_of(payload, sizeof payload), written);
        CHECK(code_text_decode(prefix, span_of(written, code_text_size(sizeof payload)), again,
                               sizeof again) == STATUS_OK);
        CHECK(memcmp(payload, again, sizeof payload) == 0);
    }
}

/* The padding to a whole step is left out of the input and added here. */
static void private_content(struct span bytes)
{
    static uint8_t whole[4u * KEYSTORE_CODEC_STEP_BYTES];
    if (bytes.size == 0 || bytes.size > sizeof whole) {
        return;
    }
    memset(whole, 0, sizeof whole);
    memcpy(whole, bytes.data, bytes.size);
    size_t steps = (bytes.size - 1) / KEYSTORE_CODEC_STEP_BYTES + 1;
    struct span padded = span_of(whole, steps * KEYSTORE_CODEC_STEP_BYTES);
    struct keystore_content content;
    struct pass_file_params params;
    struct secret *again = NULL;
    size_t size = 0;
    if (keystore_codec_decode(padded, &content, &params) == STATUS_OK) {
        CHECK(keystore_codec_encode(&content, &params, &again, &size) == STATUS_OK);
        CHECK(span_equal(span_of(secret_view(again).data, size), padded));
        secret_free(again);
        keystore_content_deinit(&content);
    }
}

static void private_probe(struct span file)
{
    struct pass_file_params params;
    if (pass_file_probe(file, PASS_FILE_KEYSTORE, &params) == STATUS_OK) {
        CHECK(params.passes >= PASS_FILE_PASSES_MIN && params.passes <= PASS_FILE_PASSES_MAX);
        CHECK(params.memory_kib >= PASS_FILE_MEMORY_KIB_MIN);
        CHECK(params.memory_kib <= PASS_FILE_MEMORY_KIB_MAX);
    }
}

static void private_padding(struct span padded)
{
    size_t text_size = 0;
    if (pad_remove(padded, &text_size) == STATUS_OK) {
        CHECK(pad_size(text_size) == padded.size);
        CHECK(padded.data[text_size] == 0x80);
    }
}

static void private_passphrase(struct span text)
{
    enum passphrase_verdict verdict = passphrase_judge(text);
    CHECK(strlen(passphrase_advice(verdict)) > 0);
    CHECK(verdict != PASSPHRASE_GOOD || text.size >= PASSPHRASE_CHARS_MIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct span) = {
        private_invitation, private_card,    private_content,
        private_probe,      private_padding, private_passphrase,
    };
    if (size > 0) {
        readers[data[0] % ARRAY_LEN(readers)](span_of(data + 1, size - 1));
    }
    return 0;
}
