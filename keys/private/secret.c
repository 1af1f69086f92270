#include "keys/private/secret.h"

#include <sodium.h>
#include <stdatomic.h>

struct secret {
    size_t size;
    uint8_t *bytes;
};

enum lock_state { LOCK_FINE, LOCK_FAILED, LOCK_REPORTED };

static atomic_int lock_state = LOCK_FINE;

static void note_lock_failure(void)
{
    int expected = LOCK_FINE;
    (void)atomic_compare_exchange_strong(&lock_state, &expected, LOCK_FAILED);
}

enum status secret_new(size_t size, struct secret **out_secret)
{
    CHECK(size > 0 && size <= SECRET_BYTES_MAX);
    CHECK(sodium_init() >= 0);
    struct secret *secret = calloc(1, sizeof *secret);
    if (secret == NULL) {
        return STATUS_NO_MEMORY;
    }
    secret->bytes = sodium_malloc(size);
    if (secret->bytes == NULL) {
        free(secret);
        return STATUS_NO_MEMORY;
    }
    secret->size = size;
    /* sodium_malloc() locks too but hides a refusal; locking again tells. */
    if (sodium_mlock(secret->bytes, size) != 0) {
        note_lock_failure();
    }
    memset(secret->bytes, 0, size);
    *out_secret = secret;
    return STATUS_OK;
}

enum status secret_random(size_t size, struct secret **out_secret)
{
    enum status status = secret_new(size, out_secret);
    if (status == STATUS_OK) {
        randombytes_buf((*out_secret)->bytes, size);
    }
    return status;
}

enum status secret_from_bytes(struct span bytes, struct secret **out_secret)
{
    CHECK(bytes.data != NULL);
    enum status status = secret_new(bytes.size, out_secret);
    if (status == STATUS_OK) {
        memcpy((*out_secret)->bytes, bytes.data, bytes.size);
    }
    return status;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL) {
        return;
    }
    sodium_free(secret->bytes);
    free(secret);
}

struct span secret_view(const struct secret *secret)
{
    CHECK(secret != NULL);
    return span_of(secret->bytes, secret->size);
}

uint8_t *secret_fill(struct secret *secret)
{
    CHECK(secret != NULL);
    return secret->bytes;
}

bool secret_equal(const struct secret *left, const struct secret *right)
{
    CHECK(left != NULL && right != NULL);
    return left->size == right->size && sodium_memcmp(left->bytes, right->bytes, left->size) == 0;
}

bool secret_take_lock_warning(void)
{
    int expected = LOCK_FAILED;
    return atomic_compare_exchange_strong(&lock_state, &expected, LOCK_REPORTED);
}
