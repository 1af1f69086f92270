/* A lack of memory while a submit is judged. */
#include "tests/unit/core/core_scene.h"

#include "proto/message.h"
#include "proto/words.h"
#include "server/store/record.h"

static bool lacks_memory;

/* The linker's names for the wrapped function. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum status __real_record_peek(struct txn *txn, uint64_t seq, struct record *out_record);
enum status __wrap_record_peek(struct txn *txn, uint64_t seq, struct record *out_record);

enum status __wrap_record_peek(struct txn *txn, uint64_t seq, struct record *out_record)
{
    return lacks_memory ? STATUS_NO_MEMORY : __real_record_peek(txn, seq, out_record);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void follow(void *context, ProtobufCMessage *body)
{
    static ProtobufCBinaryData parent;
    const struct make_revision *first = context;
    Alcove__Context *out = (Alcove__Context *)(void *)body;
    parent = field_of(first->link.bytes, HASH_BYTES);
    out->note = field_of(first->parsed.note.bytes, ID_BYTES);
    out->revision = first->parsed.revision + 1;
    out->n_parent = 1;
    out->parent = &parent;
}

/* Goal: a lack of memory is not told as damage, which would send an operator to their backups.
 * Method: an edit of a note whose earlier revision cannot be read for it. */
static void test_no_memory_is_no_damage(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *progress = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    struct make_revision first;
    OK(scene_write(scene, progress, p->t1, 0, NULL, NULL, &first));
    lacks_memory = true;
    scene->events = 0;
    struct make_revision second;
    scene_revision(scene, progress, p->t1, 0, follow, &first, &second);
    (void)scene_send(scene, p->t1, 0, &second, 1);
    assert_int_equal(scene->status, STATUS_NO_MEMORY);
    lacks_memory = false;
    OK(scene_send(scene, p->t1, 0, &second, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {SCENE_TEST(test_no_memory_is_no_damage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
