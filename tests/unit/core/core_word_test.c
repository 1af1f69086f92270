/* What a reader says of reading: why, and that it was exported. */
#include "proto/alcove.pb-c.h"
#include "proto/message.h"
#include "proto/words.h"
#include "tests/unit/core/core_scene.h"

/* Goal: the log shows no purpose that the reader cannot have. Method: every purpose in turn, by whoever
 * treats and by the client: refused as what is absent is, with the line that says what was claimed. */
static void test_purpose_by_relation(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *shared = scene_section(scene, CLASS_SHARED, p->c1, p->t1);
    (void)scene_share(scene, shared, p->c1, RIGHT_READ | RIGHT_WRITE, 0, p->t1);
    Alcove__PageAsk ask = ALCOVE__PAGE_ASK__INIT;
    ask.section = field_of(shared->id.bytes, ID_BYTES);
    OK(scene_write(scene, shared, p->t1, 0, NULL, NULL, NULL));
    ask.from = shared->timeline.number; /* after what the client is not handed */
    for (uint32_t purpose = 0; purpose <= PURPOSE_HCOMPL; purpose++) {
        ask.purpose = purpose;
        assert_int_equal(scene_ask(scene, p->t1, 0, OP_PAGE, &ask.base),
                         purpose == PURPOSE_TREAT ? STATUS_OK : STATUS_REFUSED);
        scene_expect_event(scene, ACTION_READ,
                           purpose == PURPOSE_TREAT ? OUTCOME_OK : OUTCOME_REFUSED);
        assert_int_equal(scene_ask(scene, p->c1, 0, OP_PAGE, &ask.base),
                         purpose == PURPOSE_PATRQT ? STATUS_OK : STATUS_REFUSED);
    }
    ask.purpose = PURPOSE_HCOMPL + 1;
    assert_int_equal(scene_ask(scene, p->t1, 0, OP_PAGE, &ask.base), STATUS_MALFORMED);
}

static enum status exported(struct scene *scene, const struct make_person *person,
                            const uint8_t *section, uint64_t to, bool with_note)
{
    static const uint8_t any[HASH_BYTES] = {1};
    Alcove__Opened word = ALCOVE__OPENED__INIT;
    Alcove__OpenedAsk ask = ALCOVE__OPENED_ASK__INIT;
    word.section = field_of(section, ID_BYTES);
    word.note = field_of(any, with_note ? ID_BYTES : 0);
    word.member = field_of(person->id.bytes, ID_BYTES);
    word.device = field_of(person->device[0].statement.bytes, HASH_BYTES);
    word.exported_to = to;
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(&word.base, &bytes, &size));
    ask.opened = field_of(bytes, size);
    enum status status = scene_ask(scene, person, 0, OP_OPENED, &ask.base);
    free(bytes);
    return status;
}

/* Goal: an export is a line of its own, by whoever may read, up to a number that there is. Method:
 * rightly; one number too many; with a note; by somebody who is not in. */
static void test_exported(void **state)
{
    struct scene *scene = *state;
    struct practice *p = scene->p;
    struct make_section *one = scene_section(scene, CLASS_PROGRESS, p->c1, p->t1);
    uint64_t last = one->timeline.number;
    OK(exported(scene, p->t1, one->id.bytes, last, false));
    scene_expect_event(scene, ACTION_EXPORTED, OUTCOME_OK);
    assert_int_equal(exported(scene, p->t1, one->id.bytes, last + 1, false), STATUS_MALFORMED);
    assert_int_equal(exported(scene, p->t1, one->id.bytes, last, true), STATUS_MALFORMED);
    assert_int_equal(exported(scene, p->t2, one->id.bytes, last, false), STATUS_REFUSED);
    scene_expect_event(scene, ACTION_EXPORTED, OUTCOME_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_purpose_by_relation),
        SCENE_TEST(test_exported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
