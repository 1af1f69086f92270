/*
 * cmocka with the headers that it needs before its own, in the order that it asks for.
 *
 * Every test includes this and none of the four: cmocka.h names types of the other three
 * without including them. Reached by whatever links cmocka (tests/cmake/layers.cmake).
 */
#pragma once

// clang-format off: sorted, cmocka.h would come first
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
// clang-format on

/* A call that must give STATUS_OK, which is proto/status.h's. */
#define OK(call) assert_int_equal((call), STATUS_OK)
