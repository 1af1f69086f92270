#include "tests/hostile/stage.h"

#include "keys/public/hash.h"

int stage_open(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    scene_open(&stage->scene);
    stage->shared = scene_section(&stage->scene.therapist, CLASS_SHARED);
    stage->progress = scene_section(&stage->scene.therapist, CLASS_PROGRESS);
    scene_note(&stage->scene.therapist, &stage->shared, "one");
    scene_refresh(&stage->scene.client);
    *state = stage;
    return 0;
}

int stage_close(void **state)
{
    struct stage *stage = *state;
    kit_submit_free(&stage->submit);
    scene_close(&stage->scene);
    free(stage);
    return 0;
}

void stage_sign_again(struct stage *stage, Alcove__Revision *revision,
                      const struct identity_signer *signer)
{
    Alcove__Header header = ALCOVE__HEADER__INIT;
    static uint8_t bytes[HEADER_BYTES_MAX + SIGNATURE_BYTES]; /* one at a time */
    struct hash context;
    hash_bytes(field_span(revision->context), &context);
    struct hash envelope;
    hash_bytes(field_span(revision->envelope), &envelope);
    header.context_hash = field_of(context.bytes, HASH_BYTES);
    header.envelope_size = revision->envelope.len;
    header.envelope_hash = field_of(envelope.bytes, HASH_BYTES);
    size_t size = 0;
    OK(message_pack_into(&header.base, bytes, HEADER_BYTES_MAX, &size));
    revision->header = field_of(bytes, size);
    struct span part = field_span(revision->header);
    struct signature signature;
    OK(identity_sign(signer, LABEL_REVISION, &stage->scene.server.practice, &part, 1, &signature));
    memcpy(bytes + HEADER_BYTES_MAX, signature.bytes, SIGNATURE_BYTES);
    revision->signature = field_of(bytes + HEADER_BYTES_MAX, SIGNATURE_BYTES);
}
