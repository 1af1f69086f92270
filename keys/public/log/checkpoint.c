#include "keys/public/log/checkpoint.h"

#include "keys/public/bytes/base64.h"
#include "keys/public/log/merkle.h"
#include "proto/number.h"

#include <inttypes.h>

/* Takes a line without its LF off |*rest|; false when no LF is left. */
static bool checkpoint_next_line(struct span *rest, struct span *out_line)
{
    const uint8_t *end = rest->size > 0 ? memchr(rest->data, '\n', rest->size) : NULL;
    if (end == NULL) {
        return false;
    }
    size_t size = (size_t)(end - rest->data);
    *out_line = span_of(rest->data, size);
    *rest = span_of(end + 1, rest->size - size - 1u);
    return true;
}

/* ASCII decimal without leading zeros, at most 2^63 - 1. */
static bool checkpoint_parse_size(struct span digits, uint64_t *out_size)
{
    if (digits.size > 1u && digits.data[0] == '0') {
        return false;
    }
    return number_parse(digits, 0, MERKLE_SIZE_MAX, out_size);
}

enum status checkpoint_parse(struct span text, struct checkpoint *out_checkpoint)
{
    struct span origin;
    struct span digits;
    struct span root;
    if (!checkpoint_next_line(&text, &origin) || !checkpoint_next_line(&text, &digits) ||
        !checkpoint_next_line(&text, &root) || text.size != 0) {
        return STATUS_MALFORMED;
    }
    struct checkpoint parsed = {.size = 0};
    if (!note_key_name_valid(origin) || !checkpoint_parse_size(digits, &parsed.size)) {
        return STATUS_MALFORMED;
    }
    size_t root_size = 0;
    enum status status =
        base64_decode(root, parsed.root.bytes, sizeof parsed.root.bytes, &root_size);
    if (status != STATUS_OK || root_size != HASH_BYTES) {
        return STATUS_MALFORMED;
    }
    struct hash empty;
    merkle_empty_root(&empty);
    if (parsed.size == 0 && !ID_EQUAL(&parsed.root, &empty)) {
        return STATUS_MALFORMED;
    }
    memcpy(parsed.origin, origin.data, origin.size);
    *out_checkpoint = parsed;
    return STATUS_OK;
}

enum status checkpoint_format(const struct checkpoint *checkpoint,
                              char out_text[CHECKPOINT_TEXT_BYTES_MAX], size_t *out_size)
{
    struct span origin = span_of(checkpoint->origin, strlen(checkpoint->origin));
    if (!note_key_name_valid(origin) || checkpoint->size > MERKLE_SIZE_MAX) {
        return STATUS_MALFORMED;
    }
    char root[BASE64_CHARS(HASH_BYTES) + 1u];
    size_t root_size = 0;
    CHECK(base64_encode(ID_SPAN(&checkpoint->root), root, sizeof root, &root_size) == STATUS_OK);
    char text[CHECKPOINT_TEXT_BYTES_MAX + 1u];
    int used = snprintf(text, sizeof text, "%s\n%" PRIu64 "\n%s\n", checkpoint->origin,
                        checkpoint->size, root);
    CHECK(used > 0 && (size_t)used < sizeof text);
    memcpy(out_text, text, (size_t)used);
    *out_size = (size_t)used;
    return STATUS_OK;
}

enum status checkpoint_open(struct span note, const struct note_key *log,
                            const struct note_key *witnesses, size_t witness_count,
                            struct checkpoint *out_checkpoint, struct signed_note *out_note)
{
    if (witness_count > SIGNED_NOTE_KEYS_MAX - 1u) {
        return STATUS_TOO_LARGE;
    }
    struct note_key keys[SIGNED_NOTE_KEYS_MAX];
    keys[0] = *log;
    for (size_t i = 0; i < witness_count; i++) {
        keys[i + 1u] = witnesses[i];
    }
    struct signed_note opened;
    enum status status = signed_note_open(note, keys, witness_count + 1u, &opened);
    if (status != STATUS_OK) {
        return status;
    }
    bool by_log = false;
    for (size_t i = 0; i < opened.signer_count; i++) {
        by_log = by_log || opened.signers[i].key == 0;
    }
    if (!by_log) {
        return STATUS_BAD_SIGNATURE;
    }
    struct checkpoint parsed;
    status = checkpoint_parse(opened.text, &parsed);
    if (status != STATUS_OK) {
        return status;
    }
    if (strcmp(parsed.origin, log->name) != 0) {
        return STATUS_MALFORMED;
    }
    *out_checkpoint = parsed;
    if (out_note != NULL) {
        *out_note = opened;
    }
    return STATUS_OK;
}

enum status checkpoint_open_log(const struct practice_id *practice, enum origin_log log,
                                const struct public_key *log_key, struct span note,
                                struct checkpoint *out_checkpoint)
{
    char origin[ORIGIN_CHARS_MAX];
    origin_format(practice, log, origin);
    struct note_key key;
    enum status status =
        note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, log_key, &key);
    return status == STATUS_OK ? checkpoint_open(note, &key, NULL, 0, out_checkpoint, NULL)
                               : status;
}
