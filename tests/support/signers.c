#include "tests/support/signers.h"

#include "keys/public/log/cosignature.h"
#include "tests/support/test.h"

#include <sodium.h>

_Static_assert(sizeof(((struct signer *)0)->secret) == crypto_sign_SECRETKEYBYTES, "secret key");

struct signer signer_make(const char *name, enum note_key_type type, uint8_t seed_byte)
{
    uint8_t seed[crypto_sign_SEEDBYTES] = {seed_byte};
    struct signer signer;
    struct public_key public_key;
    assert_int_equal(crypto_sign_seed_keypair(public_key.bytes, signer.secret, seed), 0);
    assert_int_equal(note_key_init(span_of(name, strlen(name)), type, &public_key, &signer.key),
                     STATUS_OK);
    return signer;
}

struct signature signer_sign(const struct signer *signer, struct span message)
{
    struct signature signature;
    assert_int_equal(
        crypto_sign_detached(signature.bytes, NULL, message.data, message.size, signer->secret), 0);
    return signature;
}

struct signer_line signer_line(const struct signer *signer, struct span text, uint64_t time_s)
{
    struct signature signature;
    uint8_t message[COSIGNATURE_MESSAGE_BYTES_MAX];
    size_t size = 0;
    if (signer->key.type == NOTE_KEY_COSIGNATURE) {
        assert_int_equal(cosignature_message(text, time_s, message, &size), STATUS_OK);
        signature = signer_sign(signer, span_of(message, size));
    } else {
        signature = signer_sign(signer, text);
    }
    struct signer_line line;
    assert_int_equal(signed_note_line(&signer->key, time_s, &signature, line.bytes, &line.size),
                     STATUS_OK);
    return line;
}
