/* Cosignatures and checkpoints. */
#include "keys/public/log/checkpoint.h"
#include "keys/public/log/cosignature.h"
#include "keys/public/log/merkle.h"
#include "tests/support/signers.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"

static struct span text_span(const char *text)
{
    return span_of(text, strlen(text));
}

/* Goal: the witness's message and line are the specification's. */
static void test_cosignature_vector(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("cosignature.txt");
    assert_true(vectors_next(vectors));
    uint64_t time_s = vectors_number(vectors, "time");
    struct span text = vectors_text(vectors, "text");
    uint8_t message[COSIGNATURE_MESSAGE_BYTES_MAX];
    size_t size = 0;
    assert_int_equal(cosignature_message(text, time_s, message, &size), STATUS_OK);
    assert_true(span_equal(span_of(message, size), vectors_text(vectors, "message")));
    /* The line's framing: id, time, 64 bytes. */
    struct note_key key = {.name = "witness.example.com/w1", .type = NOTE_KEY_COSIGNATURE};
    static const char start[] = "\xe2\x80\x94 witness.example.com/w1 jWbPPwAAAABkGFDL";
    key.id = 0x8d66cf3f;
    struct signature signature;
    memset(&signature, 0, sizeof signature);
    char line[SIGNED_NOTE_LINE_BYTES_MAX];
    assert_int_equal(signed_note_line(&key, time_s, &signature, line, &size), STATUS_OK);
    assert_int_equal(size, vectors_text(vectors, "line").size);
    assert_memory_equal(line, start, sizeof start - 1u);
    assert_memory_equal(vectors_text(vectors, "line").data, start, sizeof start - 1u);
    vectors_close(vectors);
}

/* Goal: a cosignature holds for its time and text only; no time beyond 2^63 - 1. */
static void test_cosignature_verify(void **state)
{
    (void)state;
    struct signer witness = signer_make("w", NOTE_KEY_COSIGNATURE, 5);
    struct span text = text_span("log\n1\nx\n");
    static char large[COSIGNATURE_TEXT_BYTES_MAX + 1u];
    uint8_t message[COSIGNATURE_MESSAGE_BYTES_MAX];
    size_t size = 0;
    assert_int_equal(cosignature_message(text, 77, message, &size), STATUS_OK);
    struct signature signature = signer_sign(&witness, span_of(message, size));
    const struct public_key *key = &witness.key.public_key;
    assert_int_equal(cosignature_verify(text, 77, key, &signature), STATUS_OK);
    assert_int_equal(cosignature_verify(text, 78, key, &signature), STATUS_BAD_SIGNATURE);
    assert_int_equal(cosignature_verify(text_span("log\n1\ny\n"), 77, key, &signature),
                     STATUS_BAD_SIGNATURE);
    assert_int_equal(cosignature_verify(text, COSIGNATURE_TIME_S_MAX + 1u, key, &signature),
                     STATUS_MALFORMED);
    assert_int_equal(cosignature_message(span_of(large, sizeof large), 1, message, &size),
                     STATUS_TOO_LARGE);
    assert_int_equal(cosignature_message(span_of(large, sizeof large - 1u), COSIGNATURE_TIME_S_MAX,
                                         message, &size),
                     STATUS_OK);
    /* A plain signature over the text is no cosignature. */
    signature = signer_sign(&witness, text);
    assert_int_equal(cosignature_verify(text, 77, key, &signature), STATUS_BAD_SIGNATURE);
    struct signer log = signer_make("log", NOTE_KEY_ED25519, 1);
    char line[SIGNED_NOTE_LINE_BYTES_MAX];
    assert_int_equal(signed_note_line(&log.key, 1, &signature, line, &size), STATUS_USAGE);
    assert_int_equal(
        signed_note_line(&witness.key, COSIGNATURE_TIME_S_MAX + 1u, &signature, line, &size),
        STATUS_USAGE);
}

/* Goal: a checkpoint has one form. Method: format and parse, then spoil each line. */
static void test_checkpoint_parse(void **state)
{
    (void)state;
    static const char root[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    static const char empty[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    struct {
        const char *origin;
        const char *size;
        const char *root;
        const char *tail;
        bool good;
    } cases[] = {
        {"log.example/a", "20852163", root, "\n", true},
        {"log.example/a", "9223372036854775807", root, "\n", true},
        {"log.example/a", "0", empty, "\n", true},
        {"log.example/a", "0", root, "\n", false},
        {"log.example/a", "9223372036854775808", root, "\n", false},
        {"log.example/a", "18446744073709551616", root, "\n", false},
        {"log.example/a", "01", root, "\n", false},
        {"log.example/a", "00", empty, "\n", false},
        {"log.example/a", "", root, "\n", false},
        {"log.example/a", "-1", root, "\n", false},
        {"log.example/a", "+1", root, "\n", false},
        {"log.example/a", "1 ", root, "\n", false},
        {"log.example/a", "0x1", root, "\n", false},
        {"", "1", root, "\n", false},
        {"log example", "1", root, "\n", false},
        {"log+a", "1", root, "\n", false},
        {"log", "1", root, "", false},
        {"log", "1", root, "\nextension\n", false},
        {"log", "1", root, "\n\n", false},
        {"log", "1", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2", "\n", false},
        {"log", "1", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=", "\n", false},
        {"log", "1", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==", "\n", false},
        {"log", "1", "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2Jj", "\n", false},
        {"log", "1", "", "\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[512];
        int used = snprintf(text, sizeof text, "%s\n%s\n%s%s", cases[i].origin, cases[i].size,
                            cases[i].root, cases[i].tail);
        assert_true(used > 0);
        struct checkpoint checkpoint;
        enum status status = checkpoint_parse(span_of(text, (size_t)used), &checkpoint);
        assert_int_equal(status, cases[i].good ? STATUS_OK : STATUS_MALFORMED);
        char again[CHECKPOINT_TEXT_BYTES_MAX];
        size_t size = 0;
        if (cases[i].good) {
            assert_string_equal(checkpoint.origin, cases[i].origin);
            assert_int_equal(checkpoint_format(&checkpoint, again, &size), STATUS_OK);
            assert_true(span_equal(span_of(again, size), span_of(text, (size_t)used)));
        }
    }
}

/* Goal: the longest checkpoint fits its buffers; what cannot be written is refused. */
static void test_checkpoint_format_bounds(void **state)
{
    (void)state;
    struct checkpoint checkpoint = {.size = MERKLE_SIZE_MAX};
    char text[CHECKPOINT_TEXT_BYTES_MAX];
    size_t size = 0;
    assert_int_equal(checkpoint_format(&checkpoint, text, &size), STATUS_MALFORMED);
    memset(checkpoint.origin, 'o', CHECKPOINT_ORIGIN_BYTES_MAX);
    assert_int_equal(checkpoint_format(&checkpoint, text, &size), STATUS_OK);
    assert_int_equal(size, CHECKPOINT_TEXT_BYTES_MAX);
    checkpoint.size++;
    assert_int_equal(checkpoint_format(&checkpoint, text, &size), STATUS_MALFORMED);
}

/* Goal: a checkpoint counts only with the log's own signature and origin. Method: signed by
 * the log, by a witness alone, and with another log's origin. */
static void test_checkpoint_open(void **state)
{
    (void)state;
    struct signer log = signer_make("log.example/a", NOTE_KEY_ED25519, 1);
    struct signer witness = signer_make("w.example", NOTE_KEY_COSIGNATURE, 2);
    struct checkpoint made = {.origin = "log.example/a", .size = 3, .root = {{9}}};
    char text[CHECKPOINT_TEXT_BYTES_MAX];
    size_t text_size = 0;
    assert_int_equal(checkpoint_format(&made, text, &text_size), STATUS_OK);
    struct span body = span_of(text, text_size);
    struct signer_line lines[] = {signer_line(&log, body, 0), signer_line(&witness, body, 1234)};
    struct span spans[] = {span_of(lines[0].bytes, lines[0].size),
                           span_of(lines[1].bytes, lines[1].size)};
    char note[CHECKPOINT_NOTE_BYTES_MAX + SIGNED_NOTE_LINE_BYTES_MAX];
    size_t size = 0;
    assert_int_equal(signed_note_compose(body, spans, 2, note, sizeof note, &size), STATUS_OK);
    struct checkpoint opened;
    struct signed_note signers;
    assert_int_equal(
        checkpoint_open(span_of(note, size), &log.key, &witness.key, 1, &opened, &signers),
        STATUS_OK);
    assert_memory_equal(&opened, &made, sizeof made);
    assert_int_equal(signers.signer_count, 2);
    assert_int_equal(signers.signers[1].key, 1);
    assert_true(signers.signers[1].time_s == 1234);
    assert_int_equal(checkpoint_open(span_of(note, size), &log.key, NULL, 0, &opened, NULL),
                     STATUS_OK);
    assert_int_equal(signed_note_compose(body, &spans[1], 1, note, sizeof note, &size), STATUS_OK);
    assert_int_equal(checkpoint_open(span_of(note, size), &log.key, &witness.key, 1, &opened, NULL),
                     STATUS_BAD_SIGNATURE);
    /* The log's key signs, but for another origin. */
    struct signer other = signer_make("log.example/b", NOTE_KEY_ED25519, 1);
    lines[0] = signer_line(&other, body, 0);
    spans[0] = span_of(lines[0].bytes, lines[0].size);
    assert_int_equal(signed_note_compose(body, spans, 1, note, sizeof note, &size), STATUS_OK);
    assert_int_equal(checkpoint_open(span_of(note, size), &other.key, NULL, 0, &opened, NULL),
                     STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosignature_vector), cmocka_unit_test(test_cosignature_verify),
        cmocka_unit_test(test_checkpoint_parse),   cmocka_unit_test(test_checkpoint_format_bounds),
        cmocka_unit_test(test_checkpoint_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
