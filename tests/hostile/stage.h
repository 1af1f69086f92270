/*
 * Where most attacks by name begin: a chart and a section that therapist and client share, with one
 * note "one" that both have. Failures fail the running cmocka test.
 */
#pragma once

#include "tests/hostile/kit.h"
#include "tests/support/test.h"

struct stage {
    struct scene scene;
    struct section_id shared, progress;
    struct kit_submit submit; /* what a test captured; freed with the stage */
};

/* For cmocka's set-up and tear-down; |*state| becomes the stage. */
int stage_open(void **state);
int stage_close(void **state);

/* Header and signature of |revision| made again by |signer|, after its context or envelope changed.
 * What they point at is overwritten by the next call. */
void stage_sign_again(struct stage *stage, Alcove__Revision *revision,
                      const struct identity_signer *signer);

#define STAGE_TEST(name) cmocka_unit_test_setup_teardown(name, stage_open, stage_close)
