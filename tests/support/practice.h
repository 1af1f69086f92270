/*
 * The small practice that authority tests share: two admins, three therapists, two
 * clients, an auditor. T1 treats C1 and T2 treats C2; T3 treats nobody.
 *
 * One per test, made in setup and freed in teardown.
 */
#pragma once

#include "tests/support/make_statements.h"
#include "tests/support/test.h"

struct practice {
    struct make_world w;
    struct make_person *ad1;
    struct make_person *ad2;
    struct make_person *au;
    struct make_person *t1;
    struct make_person *t2;
    struct make_person *t3;
    struct make_person *c1;
    struct make_person *c2;
    struct hash t1_treats_c1;
};

static inline int practice_setup(void **state)
{
    struct practice *p = calloc(1, sizeof(*p));
    assert_non_null(p);
    struct make_world *w = &p->w;
    make_init(w);
    p->ad1 = make_member(w, ROLE_ADMIN, NULL);
    p->ad2 = make_member(w, ROLE_ADMIN, NULL);
    p->au = make_member(w, ROLE_AUDITOR, NULL);
    p->t1 = make_member(w, ROLE_THERAPIST, p->ad1);
    p->t2 = make_member(w, ROLE_THERAPIST, p->ad1);
    p->t3 = make_member(w, ROLE_THERAPIST, p->ad2);
    make_take(w, make_delegation(w, p->t1, p->ad1, 0));
    make_take(w, make_delegation(w, p->t2, p->ad1, 0));
    p->c1 = make_member(w, ROLE_CLIENT, p->t1);
    p->c2 = make_member(w, ROLE_CLIENT, p->t2);
    p->t1_treats_c1 = make_take(w, make_relation(w, p->c1, p->t1, RELATION_TREATS, 0, p->ad1));
    make_take(w, make_relation(w, p->c2, p->t2, RELATION_TREATS, 0, p->ad1));
    *state = p;
    return 0;
}

static inline int practice_teardown(void **state)
{
    struct practice *p = *state;
    make_free(&p->w);
    free(p);
    return 0;
}

static inline const struct authority_member *who(const struct practice *p,
                                                 const struct make_person *person)
{
    return authority_member(p->w.authority, &person->id);
}

static inline const struct authority_section *section(const struct practice *p,
                                                      const struct make_section *made)
{
    return authority_section(p->w.authority, &made->id);
}

static inline struct authority_when now(const struct practice *p)
{
    return authority_now(p->w.time_ms);
}

static inline uint32_t rights(const struct practice *p, const struct make_section *made,
                              const struct make_person *person)
{
    return authority_rights(p->w.authority, section(p, made), who(p, person), now(p), NULL);
}

#define PRACTICE_TEST(name) cmocka_unit_test_setup_teardown(name, practice_setup, practice_teardown)
