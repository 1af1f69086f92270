#include "server/signer/signer_protocol.h"

#include "keys/public/bytes/cursor.h"

void signer_protocol_put_length(uint8_t out[static SIGNER_LENGTH_BYTES], size_t size)
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, SIGNER_LENGTH_BYTES);
    cursor_write_u32(&writer, (uint32_t)size);
}

size_t signer_protocol_length(const uint8_t bytes[static SIGNER_LENGTH_BYTES])
{
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, SIGNER_LENGTH_BYTES));
    return cursor_read_u32(&reader);
}

enum status signer_protocol_put_request(const struct signer_request *request, uint8_t *out_bytes,
                                        size_t capacity, size_t *out_size)
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_bytes, capacity);
    cursor_write_u8(&writer, SIGNER_PROTOCOL_VERSION);
    cursor_write_u8(&writer, (uint8_t)request->kind);
    cursor_write_span(&writer, ID_SPAN(&request->practice));
    if (request->kind == SIGNER_KIND_BACKUP) {
        cursor_write_span(&writer, ID_SPAN(&request->manifest));
    }
    for (size_t i = 0; request->kind == SIGNER_KIND_SIGN && i < SIGNER_LOGS; i++) {
        const struct signer_request_log *log = &request->logs[i];
        CHECK(log->proof.count <= MERKLE_PROOF_HASHES_MAX);
        cursor_write_u64(&writer, log->old_size);
        cursor_write_u64(&writer, log->new_size);
        cursor_write_span(&writer, ID_SPAN(&log->root));
        cursor_write_u8(&writer, (uint8_t)log->proof.count);
        cursor_write_span(&writer, merkle_proof_bytes(&log->proof));
    }
    return cursor_write_done(&writer, out_size);
}

static void read_log(struct cursor_reader *reader, struct signer_request_log *log)
{
    log->old_size = cursor_read_u64(reader);
    log->new_size = cursor_read_u64(reader);
    cursor_read_bytes(reader, log->root.bytes, HASH_BYTES);
    struct span hashes = cursor_read_span(reader, (size_t)cursor_read_u8(reader) * HASH_BYTES);
    if (merkle_proof_decode(hashes, &log->proof) != STATUS_OK) {
        reader->failed = true;
    }
}

enum status signer_protocol_get_request(struct span bytes, struct signer_request *out_request)
{
    memset(out_request, 0, sizeof *out_request);
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    if (cursor_read_u8(&reader) != SIGNER_PROTOCOL_VERSION) {
        return reader.failed ? STATUS_MALFORMED : STATUS_VERSION;
    }
    uint8_t kind = cursor_read_u8(&reader);
    if (kind > SIGNER_KIND_BACKUP) {
        return STATUS_MALFORMED;
    }
    out_request->kind = (enum signer_kind)kind;
    cursor_read_bytes(&reader, out_request->practice.bytes, HASH_BYTES);
    if (kind == SIGNER_KIND_BACKUP) {
        cursor_read_bytes(&reader, out_request->manifest.bytes, HASH_BYTES);
    }
    for (size_t i = 0; kind == SIGNER_KIND_SIGN && i < SIGNER_LOGS; i++) {
        read_log(&reader, &out_request->logs[i]);
    }
    return cursor_read_done(&reader);
}

enum status signer_protocol_put_reply(const struct signer_reply *reply, uint8_t *out_bytes,
                                      size_t capacity, size_t *out_size)
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_bytes, capacity);
    cursor_write_u8(&writer, SIGNER_PROTOCOL_VERSION);
    cursor_write_u8(&writer, (uint8_t)reply->answer);
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        const struct signer_note *log = &reply->logs[i];
        CHECK(log->note_size <= CHECKPOINT_NOTE_BYTES_MAX);
        cursor_write_u64(&writer, log->size);
        cursor_write_u16(&writer, (uint16_t)log->note_size);
        cursor_write_span(&writer, span_of(log->note, log->note_size));
    }
    cursor_write_u8(&writer, reply->has_signature ? SIGNATURE_BYTES : 0);
    if (reply->has_signature) {
        cursor_write_span(&writer, ID_SPAN(&reply->signature));
    }
    return cursor_write_done(&writer, out_size);
}

enum status signer_protocol_get_reply(struct span bytes, struct signer_reply *out_reply)
{
    memset(out_reply, 0, sizeof *out_reply);
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    if (cursor_read_u8(&reader) != SIGNER_PROTOCOL_VERSION) {
        return reader.failed ? STATUS_MALFORMED : STATUS_VERSION;
    }
    uint8_t answer = cursor_read_u8(&reader);
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        struct signer_note *log = &out_reply->logs[i];
        log->size = cursor_read_u64(&reader);
        log->note_size = cursor_read_u16(&reader);
        if (log->note_size > CHECKPOINT_NOTE_BYTES_MAX) {
            return STATUS_MALFORMED;
        }
        cursor_read_bytes(&reader, log->note, log->note_size);
    }
    uint8_t signature_size = cursor_read_u8(&reader);
    if (signature_size != 0 && signature_size != SIGNATURE_BYTES) {
        return STATUS_MALFORMED;
    }
    out_reply->has_signature = signature_size != 0;
    cursor_read_bytes(&reader, out_reply->signature.bytes, signature_size);
    if (answer < SIGNER_SIGNED || answer > SIGNER_CANNOT_SAVE) {
        return STATUS_MALFORMED;
    }
    out_reply->answer = (enum signer_answer)answer;
    return cursor_read_done(&reader);
}
