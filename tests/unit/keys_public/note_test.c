/* Signed notes and the keys that sign them. */
#include "tests/support/signers.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/support/vkey.h"

static struct span text_span(const char *text)
{
    return span_of(text, strlen(text));
}

struct buffer {
    char bytes[SIGNED_NOTE_BYTES_MAX + 1024u];
    size_t size;
};

static struct buffer *buffer_new(void)
{
    struct buffer *buffer = calloc(1, sizeof *buffer);
    assert_non_null(buffer);
    return buffer;
}

static void buffer_add(struct buffer *buffer, struct span bytes)
{
    assert_true(bytes.size <= sizeof buffer->bytes - buffer->size);
    memcpy(buffer->bytes + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
}

static void buffer_line(struct buffer *buffer, const struct signer_line *line)
{
    buffer_add(buffer, span_of(line->bytes, line->size));
}

static struct span buffer_span(const struct buffer *buffer)
{
    return span_of(buffer->bytes, buffer->size);
}

/* From a copy of exactly that size, so that reading past the end is seen. */
static enum status open_exact(struct span note, const struct note_key *keys, size_t count)
{
    uint8_t *exact = malloc(note.size > 0 ? note.size : 1u);
    assert_non_null(exact);
    memcpy(exact, note.data, note.size);
    struct signed_note opened;
    enum status status = signed_note_open(span_of(exact, note.size), keys, count, &opened);
    free(exact);
    return status;
}

/* Goal: notes made by others open. Method: published notes; every truncation and every
 * flipped bit is refused. */
static void test_signed_note_vectors(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("signed-note.txt");
    size_t seen = 0;
    while (vectors_next(vectors)) {
        struct span note = vectors_text(vectors, "note");
        struct note_key key;
        assert_int_equal(vkey_parse(vectors_text(vectors, "vkey"), &key), STATUS_OK);
        char vkey[NOTE_KEY_VKEY_BYTES_MAX + 1u];
        note_key_format(&key, vkey);
        assert_true(span_equal(text_span(vkey), vectors_text(vectors, "vkey")));
        struct signed_note opened;
        assert_int_equal(signed_note_open(note, &key, 1, &opened), STATUS_OK);
        assert_int_equal(opened.signer_count, 1);
        assert_int_equal(opened.signers[0].key, 0);
        assert_int_equal(opened.signers[0].time_s, 0);
        assert_true(opened.text.data == note.data);
        for (size_t size = 0; size < note.size; size++) {
            assert_int_not_equal(open_exact(span_of(note.data, size), &key, 1), STATUS_OK);
        }
        uint8_t *bad = malloc(note.size);
        assert_non_null(bad);
        memcpy(bad, note.data, note.size);
        for (size_t bit = 0; bit < 8u * note.size; bit++) {
            bad[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            assert_int_not_equal(open_exact(span_of(bad, note.size), &key, 1), STATUS_OK);
            bad[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        }
        free(bad);
        seen++;
    }
    assert_int_equal(seen, 2);
    vectors_close(vectors);
}

/* Goal: a vkey has one form. Method: spoil each part. */
static void test_vkey_parse_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *vkey;
        enum status status;
    } cases[] = {
        {"", STATUS_MALFORMED},
        {"example.com/foo", STATUS_MALFORMED},
        {"example.com/foo+530d903a", STATUS_MALFORMED},
        {"example.com/foo+530d903a+", STATUS_MALFORMED},
        {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", STATUS_MALFORMED},
        {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", STATUS_MALFORMED},
        {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", STATUS_MALFORMED},
        {"example.com/foo+30d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", STATUS_MALFORMED},
        {"example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", STATUS_MALFORMED},
        {"example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", STATUS_MALFORMED},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
         STATUS_MALFORMED},
        {"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=", STATUS_MALFORMED},
        {"example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
         STATUS_UNSUPPORTED},
        {"example.com/foo+530d903a+BukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA",
         STATUS_UNSUPPORTED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct note_key key;
        assert_int_equal(vkey_parse(text_span(cases[i].vkey), &key), cases[i].status);
    }
}

/* Goal: only usable names. Method: spaces of Unicode, '+', control characters, bad UTF-8,
 * and the length's border. */
static void test_note_key_name_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "example.com/log", "caf\xc3\xa9", "\xe2\x80\x94"};
    static const char *const bad[] = {"",     " ",     "a b",      "a+b",          "a\n",
                                      "a\tb", "a\x01", "\xc2\xa0", "\xe3\x80\x80", "a\xe2\x80\xa8",
                                      "\xff", "\xc2"};
    char name[NOTE_KEY_NAME_BYTES_MAX + 1u];
    memset(name, 'n', sizeof name);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(note_key_name_valid(text_span(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(note_key_name_valid(text_span(bad[i])));
    }
    assert_true(note_key_name_valid(span_of(name, NOTE_KEY_NAME_BYTES_MAX)));
    assert_false(note_key_name_valid(span_of(name, sizeof name)));
    assert_false(note_key_name_valid(span_of("a\0b", 3)));
}

/* Goal: what is composed opens again, with every signer known. Method: a log and two
 * witnesses, and a fourth key that nobody knows. */
static void test_signed_note_round_trip(void **state)
{
    (void)state;
    struct span text = text_span("some text\n\nwith an empty line\n");
    struct signer log = signer_make("log.example", NOTE_KEY_ED25519, 1);
    struct signer one = signer_make("w.example/1", NOTE_KEY_COSIGNATURE, 2);
    struct signer two = signer_make("w.example/2", NOTE_KEY_COSIGNATURE, 3);
    struct signer stranger = signer_make("w.example/3", NOTE_KEY_COSIGNATURE, 4);
    const struct note_key keys[] = {log.key, one.key, two.key};
    struct signer_line lines[] = {signer_line(&stranger, text, 5),
                                  signer_line(&two, text, 1700000002), signer_line(&log, text, 0),
                                  signer_line(&two, text, 1700000001)};
    struct span spans[ARRAY_LEN(lines)];
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        spans[i] = span_of(lines[i].bytes, lines[i].size);
    }
    char note[4096];
    size_t size = 0;
    assert_int_equal(signed_note_compose(text, spans, 4, note, sizeof note, &size), STATUS_OK);
    struct signed_note opened;
    assert_int_equal(signed_note_open(span_of(note, size), keys, 3, &opened), STATUS_OK);
    assert_true(span_equal(opened.text, text));
    assert_int_equal(opened.signer_count, 2);
    assert_int_equal(opened.signers[0].key, 2);
    assert_true(opened.signers[0].time_s == 1700000002);
    assert_int_equal(opened.signers[1].key, 0);
    assert_int_equal(signed_note_open(span_of(note, size), &one.key, 1, &opened),
                     STATUS_BAD_SIGNATURE);
    assert_int_equal(signed_note_open(span_of(note, size), NULL, 0, &opened), STATUS_BAD_SIGNATURE);
    assert_int_equal(signed_note_compose(text, spans, 4, note, size - 1u, &size), STATUS_TOO_LARGE);
    assert_int_equal(signed_note_compose(text, spans, 0, note, sizeof note, &size),
                     STATUS_MALFORMED);
    assert_int_equal(signed_note_compose(text_span("no end"), spans, 1, note, sizeof note, &size),
                     STATUS_MALFORMED);
}

/* Goal: faults of shape refuse the whole note, even in lines of unknown keys. Method: the
 * text stays good; what follows it is spoilt. */
static void test_signed_note_shape(void **state)
{
    (void)state;
    struct span text = text_span("t\n");
    struct signer log = signer_make("log", NOTE_KEY_ED25519, 1);
    struct signer_line good = signer_line(&log, text, 0);
    static const char *const tails[] = {
        "-- x AAAAAAA=\n",            /* hyphens for the dash */
        "\xe2\x80\x93 x AAAAAAA=\n",  /* an en dash */
        "\xe2\x80\x94x AAAAAAA=\n",   /* no space */
        "\xe2\x80\x94  AAAAAAA=\n",   /* no name */
        "\xe2\x80\x94 x\n",           /* no signature */
        "\xe2\x80\x94 x \n",          /* an empty one */
        "\xe2\x80\x94 x AAAA\n",      /* shorter than a key id */
        "\xe2\x80\x94 x AAAAAA==\n",  /* a key id alone */
        "\xe2\x80\x94 x AAAAAAB=\n",  /* bits under the padding */
        "\xe2\x80\x94 x AAAAAAA\n",   /* no padding */
        "\xe2\x80\x94 x AAAAAAA=",    /* no final LF */
        "\xe2\x80\x94 x AAAAAAA= \n", /* something behind */
        "\xe2\x80\x94 x AAAAAAA= AAAAAAA=\n",
        "\xe2\x80\x94 x AAAAAAA=\r\n",        /* CR LF */
        "\xe2\x80\x94 x+y AAAAAAA=\n",        /* '+' in the name */
        "\xe2\x80\x94 x\xc2\xa0y AAAAAAA=\n", /* a space in the name */
        "\xe2\x80\x94 x\xff AAAAAAA=\n",      /* not UTF-8 */
        "\xe2\x80\x94 x\x01 AAAAAAA=\n",      /* a control character */
        "words\n",
        "\n", /* an empty line makes the signature part of the text */
    };
    struct buffer *note = buffer_new();
    for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
        note->size = 0;
        buffer_add(note, text);
        buffer_add(note, text_span("\n"));
        buffer_line(note, &good);
        assert_int_equal(open_exact(buffer_span(note), &log.key, 1), STATUS_OK);
        buffer_add(note, text_span(tails[i]));
        assert_int_equal(open_exact(buffer_span(note), &log.key, 1), STATUS_MALFORMED);
    }
    /* And the text itself: NUL, CR, no LF, no empty line. */
    static const char *const texts[] = {"t\r\n\n", "t\n", "t", "t\x7f", "\xc0\x80\n\n", "t\t\n\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        note->size = 0;
        buffer_add(note, text_span(texts[i]));
        buffer_line(note, &good);
        assert_int_equal(open_exact(buffer_span(note), &log.key, 1), STATUS_MALFORMED);
    }
    note->size = 0;
    buffer_add(note, span_of("t\0\n\n", 4));
    buffer_line(note, &good);
    assert_int_equal(open_exact(buffer_span(note), &log.key, 1), STATUS_MALFORMED);
    free(note);
}

/* Goal: one bad signature of a known key refuses the note, whatever stands beside it; a line
 * that shares only name or only id with a known key is ignored. */
static void test_signed_note_known_keys(void **state)
{
    (void)state;
    struct span text = text_span("t\n");
    struct signer log = signer_make("log", NOTE_KEY_ED25519, 1);
    struct signer_line good = signer_line(&log, text, 0);
    struct signer_line bad = signer_line(&log, text_span("u\n"), 0);
    struct signer same_name = signer_make("log", NOTE_KEY_ED25519, 9);
    struct signer same_id = signer_make("other", NOTE_KEY_ED25519, 1);
    same_id.key.id = log.key.id;
    struct signer_line by_name = signer_line(&same_name, text, 0);
    struct signer_line by_id = signer_line(&same_id, text, 0);
    const struct {
        const struct signer_line *first;
        const struct signer_line *second;
        enum status status;
    } cases[] = {
        {&good, &good, STATUS_OK},
        {&good, &bad, STATUS_BAD_SIGNATURE},
        {&bad, &good, STATUS_BAD_SIGNATURE},
        {&bad, &bad, STATUS_BAD_SIGNATURE},
        {&by_name, &good, STATUS_OK},
        {&good, &by_id, STATUS_OK},
        {&by_name, &by_id, STATUS_BAD_SIGNATURE},
    };
    struct buffer *note = buffer_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        note->size = 0;
        buffer_add(note, text_span("t\n\n"));
        buffer_line(note, cases[i].first);
        buffer_line(note, cases[i].second);
        assert_int_equal(open_exact(buffer_span(note), &log.key, 1), cases[i].status);
    }
    /* A known key's line of another length. */
    note->size = 0;
    buffer_add(note, text_span("t\n\n"));
    buffer_line(note, &good);
    uint8_t short_blob[8] = {0};
    for (size_t i = 0; i < 4; i++) {
        short_blob[i] = (uint8_t)(log.key.id >> (24u - 8u * i));
    }
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text_blob[16];
    size_t size = 0;
    for (size_t i = 0; i < 6; i += 3) {
        uint32_t group =
            (uint32_t)short_blob[i] << 16 | (uint32_t)short_blob[i + 1] << 8 | short_blob[i + 2];
        for (size_t j = 0; j < 4; j++) {
            text_blob[size++] = alphabet[group >> (18u - 6u * j) & 63u];
        }
    }
    text_blob[size++] = '\n';
    char base[] = "\xe2\x80\x94 log ";
    buffer_add(note, text_span(base));
    buffer_add(note, span_of(text_blob, size));
    assert_int_equal(open_exact(buffer_span(note), &log.key, 1), STATUS_BAD_SIGNATURE);
    free(note);
}

/* Goal: 16 signatures are accepted, as the specification demands; a flood costs little and
 * is refused. Method: counts at the limit, then 10,000 lines. */
static void test_signed_note_signature_count(void **state)
{
    (void)state;
    struct span text = text_span("t\n");
    struct signer log = signer_make("log", NOTE_KEY_ED25519, 1);
    struct signer_line good = signer_line(&log, text, 0);
    struct span unknown = text_span("\xe2\x80\x94 x AAAAAAA=\n");
    struct buffer *note = buffer_new();
    for (size_t count = 0; count <= SIGNED_NOTE_SIGNATURES_MAX; count++) {
        note->size = 0;
        buffer_add(note, text_span("t\n\n"));
        buffer_line(note, &good);
        for (size_t i = 0; i < count; i++) {
            buffer_add(note, unknown);
        }
        assert_int_equal(open_exact(buffer_span(note), &log.key, 1),
                         count + 1u <= SIGNED_NOTE_SIGNATURES_MAX ? STATUS_OK : STATUS_TOO_LARGE);
    }
    free(note);
    size_t size = 3u + 10000u * unknown.size;
    char *flood = malloc(size);
    assert_non_null(flood);
    memcpy(flood, "t\n\n", 3);
    for (size_t i = 0; i < 10000u; i++) {
        memcpy(flood + 3u + i * unknown.size, unknown.data, unknown.size);
    }
    assert_int_equal(open_exact(span_of(flood, size), &log.key, 1), STATUS_TOO_LARGE);
    assert_int_equal(open_exact(span_of(flood, 3u + 5000u * unknown.size), &log.key, 1),
                     STATUS_TOO_LARGE);
    free(flood);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signed_note_vectors),
        cmocka_unit_test(test_vkey_parse_refuses),
        cmocka_unit_test(test_note_key_name_valid),
        cmocka_unit_test(test_signed_note_round_trip),
        cmocka_unit_test(test_signed_note_shape),
        cmocka_unit_test(test_signed_note_known_keys),
        cmocka_unit_test(test_signed_note_signature_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
