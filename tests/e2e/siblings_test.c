/*
 * Nothing doubled, nothing silently merged: two devices of one member edit the same note while
 * neither hears of the other; answers get lost; ids are used again.
 */
#include "tests/support/cast.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct live live;
static struct live_person admin, therapist, client;
static struct chart_id chart;

static int start(void **state)
{
    (void)state;
    live_start(&live);
    live_join(&live, live.admin_code, &admin);
    live_sync(&admin);
    cast_invite(&admin, ROLE_THERAPIST, "Tara", &therapist);
    cast_delegate(&admin, &therapist);
    cast_invite(&therapist, ROLE_CLIENT, "Cleo", &client);
    cast_relate(&admin, &client, &therapist, RELATION_TREATS);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    live_stop(&live);
    return 0;
}

static struct span text(const char *words)
{
    return span_of(words, strlen(words));
}

static void test_smoke(void **state)
{
    (void)state;
    struct section_id section = cast_section(&therapist, CLASS_PROGRESS, &chart, &client);
    cast_write(&therapist, &section, NULL, text("one"));
    assert_string_equal(cast_texts(&therapist, &section), "[one]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smoke),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
