/*
 * The engine against the real server's core: a small practice from its founding to notes that
 * reach exactly those who may read them.
 */
#include "tests/unit/engine/inproc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define OK(call) assert_int_equal((call), STATUS_OK)

/* Goal: a person joins, logs in and syncs. Method: the first admin by the founder's code. */
static void test_join_and_first_sync(void **state)
{
    (void)state;
    struct inproc server;
    struct inproc_person admin;
    inproc_open(&server);
    inproc_join(&server, server.admin_code, &admin);
    inproc_sync(&admin);
    struct engine_state seen;
    engine_state(admin.engine, &seen);
    assert_int_equal(seen.role, ROLE_ADMIN);
    assert_int_equal(seen.statements_size, 5);
    inproc_person_free(&admin);
    inproc_close(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join_and_first_sync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
