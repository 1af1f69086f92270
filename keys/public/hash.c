#include "keys/public/hash.h"

#include <openssl/evp.h>
#include <pthread.h>

static pthread_once_t hash_once = PTHREAD_ONCE_INIT;
static pthread_key_t hash_context_key;
static EVP_MD *hash_sha256;

static void hash_context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void hash_set_up(void)
{
    hash_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    CHECK(hash_sha256 != NULL);
    CHECK(pthread_key_create(&hash_context_key, hash_context_free) == 0);
}

static void hash_start(EVP_MD_CTX *context)
{
    CHECK(EVP_DigestInit_ex2(context, hash_sha256, NULL) == 1);
}

/* A context that this thread used before, so that hashing allocates nothing. */
static EVP_MD_CTX *hash_thread_context(void)
{
    CHECK(pthread_once(&hash_once, hash_set_up) == 0);
    EVP_MD_CTX *context = pthread_getspecific(hash_context_key);
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        CHECK(context != NULL);
        CHECK(pthread_setspecific(hash_context_key, context) == 0);
    }
    return context;
}

static void hash_add(EVP_MD_CTX *context, struct span bytes)
{
    if (bytes.size > 0) {
        CHECK(EVP_DigestUpdate(context, bytes.data, bytes.size) == 1);
    }
}

static void hash_end(EVP_MD_CTX *context, struct hash *out_hash)
{
    unsigned int size = 0;
    CHECK(EVP_DigestFinal_ex(context, out_hash->bytes, &size) == 1 && size == HASH_BYTES);
}

void hash_bytes(struct span bytes, struct hash *out_hash)
{
    hash_parts(&bytes, 1, out_hash);
}

void hash_parts(const struct span *parts, size_t count, struct hash *out_hash)
{
    EVP_MD_CTX *context = hash_thread_context();
    hash_start(context);
    for (size_t i = 0; i < count; i++) {
        hash_add(context, parts[i]);
    }
    hash_end(context, out_hash);
}

struct hash_stream {
    EVP_MD_CTX *context;
};

struct hash_stream *hash_stream_new(void)
{
    CHECK(pthread_once(&hash_once, hash_set_up) == 0);
    struct hash_stream *stream = malloc(sizeof *stream);
    CHECK(stream != NULL);
    stream->context = EVP_MD_CTX_new();
    CHECK(stream->context != NULL);
    hash_start(stream->context);
    return stream;
}

void hash_stream_add(struct hash_stream *stream, struct span bytes)
{
    hash_add(stream->context, bytes);
}

void hash_stream_end(struct hash_stream *stream, struct hash *out_hash)
{
    struct hash hash;
    hash_end(stream->context, &hash);
    if (out_hash != NULL) {
        *out_hash = hash;
    }
    EVP_MD_CTX_free(stream->context);
    free(stream);
}
