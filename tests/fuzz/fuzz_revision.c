/* The signed part of a revision: context and header. */
#include "tests/fuzz/fuzz.h"

#include "keys/public/hash.h"
#include "keys/public/revision.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = span_of(data, size);
    struct hash hash;
    struct revision_context context;
    if (revision_context_parse(bytes, &context) == STATUS_OK) {
        CHECK(context.parent_count <= CONTEXT_PARENTS_MAX);
        CHECK(context.attachment_count <= CONTEXT_ATTACHMENTS_MAX);
        hash_bytes(bytes, &hash);
        CHECK(ID_EQUAL(&hash, &context.hash));
    }
    struct revision_header header;
    if (revision_header_parse(bytes, &header) == STATUS_OK) {
        CHECK(size <= HEADER_BYTES_MAX);
    }
    return 0;
}
