/*
 * Why one side ended the adding of a device: types of pair_new.h and pair_old.h. No functions.
 */
#pragma once

enum pair_end {
    PAIR_END_NONE = 0,
    PAIR_END_DIGITS = 1,  /* a person typed other digits: somebody may stand between the two */
    PAIR_END_PERSON = 2,  /* a person said no */
    PAIR_END_BROKEN = 3,  /* what the other side said does not hold */
    PAIR_END_CHANGED = 4, /* the account changed meanwhile */
};
