#include "tests/unit/keys_private/common.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct practice_id common_practice(void)
{
    struct practice_id practice;
    for (uint8_t i = 0; i < HASH_BYTES; i++) {
        practice.bytes[i] = i;
    }
    return practice;
}

struct span common_text(const char *text)
{
    return span_of(text, strlen(text));
}

void common_copy(struct span from, void *to, size_t size)
{
    assert_int_equal(from.size, size);
    memcpy(to, from.data, size);
}

void common_same(struct span found, struct span expected)
{
    assert_int_equal(found.size, expected.size);
    assert_memory_equal(found.data, expected.data, expected.size);
}

struct secret *common_secret(struct span bytes)
{
    struct secret *secret = NULL;
    assert_int_equal(secret_from_bytes(bytes, &secret), STATUS_OK);
    return secret;
}
