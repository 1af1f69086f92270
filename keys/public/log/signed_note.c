#include "keys/public/log/signed_note.h"

#include "keys/public/bytes/base64.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/utf8.h"
#include "keys/public/log/cosignature.h"
#include "keys/public/verify.h"

/* Room for post-quantum signatures, which we do not verify but whose shape we check. */
#define SIGNED_NOTE_BLOB_BYTES_MAX 8192u

static const uint8_t signed_note_dash[] = {0xe2, 0x80, 0x94, 0x20};

/* One signature line taken apart. The blob is key id ‖ signature. */
struct signed_note_parsed {
    struct span name;
    uint32_t id;
    size_t size;
    uint8_t blob[SIGNED_NOTE_BLOB_BYTES_MAX];
};

/* Well-formed UTF-8 with no control character below U+0020 but LF, ending in LF. */
static bool signed_note_clean(struct span text)
{
    if (text.size == 0 || text.data[text.size - 1u] != '\n') {
        return false;
    }
    uint32_t c = 0;
    while (utf8_next(&text, &c)) {
        if (c < 0x20 && c != '\n') {
            return false;
        }
    }
    return text.size == 0;
}

bool signed_note_text_valid(struct span text)
{
    return signed_note_clean(text);
}

/* Splits at the last empty line. */
static bool signed_note_split(struct span note, struct span *out_text, struct span *out_lines)
{
    for (size_t i = note.size; i >= 2u; i--) {
        if (note.data[i - 1u] == '\n' && note.data[i - 2u] == '\n') {
            *out_text = span_of(note.data, i - 1u);
            *out_lines = span_of(note.data + i, note.size - i);
            return out_lines->size > 0;
        }
    }
    return false;
}

/* Takes the next line, without its LF, off |*rest|, which ends in LF. */
static struct span signed_note_next_line(struct span *rest)
{
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    CHECK(end != NULL);
    size_t size = (size_t)(end - rest->data);
    struct span line = span_of(rest->data, size);
    *rest = span_of(end + 1, rest->size - size - 1u);
    return line;
}

static enum status signed_note_parse_line(struct span line, struct signed_note_parsed *out)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, line);
    struct span dash = cursor_read_span(&reader, sizeof signed_note_dash);
    if (!span_equal(dash, span_of(signed_note_dash, sizeof signed_note_dash))) {
        return STATUS_MALFORMED;
    }
    struct span rest = cursor_read_rest(&reader);
    const uint8_t *space = rest.size > 0 ? memchr(rest.data, ' ', rest.size) : NULL;
    if (space == NULL) {
        return STATUS_MALFORMED;
    }
    size_t name_size = (size_t)(space - rest.data);
    out->name = span_of(rest.data, name_size);
    struct span text = span_of(space + 1, rest.size - name_size - 1u);
    enum status status = base64_decode(text, out->blob, sizeof out->blob, &out->size);
    if (status != STATUS_OK) {
        return status;
    }
    if (!note_key_name_valid(out->name) || out->size <= 4u) {
        return STATUS_MALFORMED;
    }
    cursor_read_init(&reader, span_of(out->blob, out->size));
    out->id = cursor_read_u32(&reader);
    return STATUS_OK;
}

static bool signed_note_is_by(const struct signed_note_parsed *parsed, const struct note_key *key)
{
    return parsed->id == key->id && span_equal(parsed->name, span_of(key->name, strlen(key->name)));
}

static enum status signed_note_verify_line(const struct signed_note_parsed *parsed,
                                           const struct note_key *key, struct span text,
                                           uint64_t *out_time_s)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(parsed->blob, parsed->size));
    (void)cursor_read_u32(&reader);
    *out_time_s = key->type == NOTE_KEY_COSIGNATURE ? cursor_read_u64(&reader) : 0;
    struct signature signature;
    cursor_read_bytes(&reader, signature.bytes, sizeof signature.bytes);
    if (cursor_read_done(&reader) != STATUS_OK) {
        return STATUS_BAD_SIGNATURE;
    }
    enum status status;
    if (key->type == NOTE_KEY_COSIGNATURE) {
        status = cosignature_verify(text, *out_time_s, &key->public_key, &signature);
    } else {
        status = verify_bytes(&key->public_key, text, &signature);
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_BAD_SIGNATURE;
}

/* Records that key |index| signed; a second line only moves its time forward. */
static void signed_note_record(struct signed_note *note, size_t index, uint64_t time_s)
{
    for (size_t i = 0; i < note->signer_count; i++) {
        if (note->signers[i].key == index) {
            if (time_s > note->signers[i].time_s) {
                note->signers[i].time_s = time_s;
            }
            return;
        }
    }
    note->signers[note->signer_count++] = (struct signed_note_signer){index, time_s};
}

static enum status signed_note_check_shape(struct span lines)
{
    struct signed_note_parsed parsed;
    size_t count = 0;
    while (lines.size > 0) {
        if (++count > SIGNED_NOTE_SIGNATURES_MAX) {
            return STATUS_TOO_LARGE;
        }
        enum status status = signed_note_parse_line(signed_note_next_line(&lines), &parsed);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* One line against every known key of its name and id. */
static enum status signed_note_match(const struct signed_note_parsed *parsed,
                                     const struct note_key *keys, size_t key_count,
                                     struct signed_note *note)
{
    for (size_t i = 0; i < key_count; i++) {
        if (!signed_note_is_by(parsed, &keys[i])) {
            continue;
        }
        uint64_t time_s = 0;
        enum status status = signed_note_verify_line(parsed, &keys[i], note->text, &time_s);
        if (status != STATUS_OK) {
            return status;
        }
        signed_note_record(note, i, time_s);
    }
    return STATUS_OK;
}

enum status signed_note_open(struct span note, const struct note_key *keys, size_t key_count,
                             struct signed_note *out_note)
{
    if (note.size > SIGNED_NOTE_BYTES_MAX || key_count > SIGNED_NOTE_KEYS_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct span lines;
    struct signed_note opened = {.signer_count = 0};
    if (!signed_note_clean(note) || !signed_note_split(note, &opened.text, &lines)) {
        return STATUS_MALFORMED;
    }
    enum status status = signed_note_check_shape(lines);
    struct signed_note_parsed parsed;
    while (status == STATUS_OK && lines.size > 0) {
        status = signed_note_parse_line(signed_note_next_line(&lines), &parsed);
        if (status == STATUS_OK) {
            status = signed_note_match(&parsed, keys, key_count, &opened);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (opened.signer_count == 0) {
        return STATUS_BAD_SIGNATURE;
    }
    *out_note = opened;
    return STATUS_OK;
}

enum status signed_note_line(const struct note_key *key, uint64_t time_s,
                             const struct signature *signature,
                             char out_line[SIGNED_NOTE_LINE_BYTES_MAX], size_t *out_size)
{
    if (key->type == NOTE_KEY_COSIGNATURE ? time_s > COSIGNATURE_TIME_S_MAX : time_s != 0) {
        return STATUS_USAGE;
    }
    struct cursor_writer writer;
    uint8_t blob[4u + 8u + SIGNATURE_BYTES];
    cursor_write_init(&writer, blob, sizeof blob);
    cursor_write_u32(&writer, key->id);
    if (key->type == NOTE_KEY_COSIGNATURE) {
        cursor_write_u64(&writer, time_s);
    }
    cursor_write_span(&writer, ID_SPAN(signature));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    char text[BASE64_CHARS(sizeof blob) + 1u];
    CHECK(base64_encode(span_of(blob, size), text, sizeof text, &size) == STATUS_OK);

    cursor_write_init(&writer, out_line, SIGNED_NOTE_LINE_BYTES_MAX);
    cursor_write_span(&writer, span_of(signed_note_dash, sizeof signed_note_dash));
    cursor_write_span(&writer, span_of(key->name, strlen(key->name)));
    cursor_write_u8(&writer, ' ');
    cursor_write_span(&writer, span_of(text, size));
    cursor_write_u8(&writer, '\n');
    CHECK(cursor_write_done(&writer, out_size) == STATUS_OK);
    return STATUS_OK;
}

enum status signed_note_compose(struct span text, const struct span *lines, size_t line_count,
                                char *out_note, size_t capacity, size_t *out_size)
{
    if (!signed_note_text_valid(text) || line_count == 0) {
        return STATUS_MALFORMED;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, out_note, capacity);
    cursor_write_span(&writer, text);
    cursor_write_u8(&writer, '\n');
    for (size_t i = 0; i < line_count; i++) {
        cursor_write_span(&writer, lines[i]);
    }
    return cursor_write_done(&writer, out_size);
}
