/*
 * Growing an array, for every room that keeps a list. Pure; any thread.
 */
#pragma once

#include "proto/status.h"

/*
 * Makes room for |need| elements in an array that has room for |*capacity|, doubling, so that
 * adding one at a time costs no more than twice the copying. |array| is the address of the
 * pointer to the elements, which may be NULL while |*capacity| is 0; elements already there keep
 * their value, and new ones have none. STATUS_NO_MEMORY, also for more than can be counted in
 * bytes: nothing changed.
 */
MUST_CHECK enum status array_grow(void *array, size_t *capacity, size_t need, size_t element_bytes);
