#include "tests/support/practice.h"

/* Goal: the whole practice folds, and members are what their statements say. Method:
 * look at each after setup. */
static void test_fold_of_a_practice_gives_its_members(void **state)
{
    struct practice *p = *state;
    assert_int_equal(authority_member_count(p->w.authority), 8);
    assert_int_equal(who(p, p->t1)->role, ROLE_THERAPIST);
    assert_true(authority_active(who(p, p->c1), now(p)));
    assert_memory_equal(who(p, p->c1)->inviter.bytes, p->t1->id.bytes, ID_BYTES);
    assert_true(who(p, p->ad1)->by_root);
    const struct authority_device *device =
        authority_device(p->w.authority, &p->c1->device[0].statement);
    assert_non_null(device);
    assert_memory_equal(device->keys.content.bytes, p->c1->device[0].content.public.bytes,
                        PUBLIC_KEY_BYTES);
    assert_true(authority_device_live(device, now(p)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_fold_of_a_practice_gives_its_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
