#include "tests/unit/keys_private/common.h"
#include "tests/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

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

char *common_folder_make(void)
{
    const char *base = getenv("TMPDIR");
    char name[4096];
    int size = snprintf(name, sizeof name, "%s/keystore-test.XXXXXX",
                        base != NULL && strlen(base) < 2048 ? base : "/tmp");
    assert_true(size > 0 && (size_t)size < sizeof name);
    assert_non_null(mkdtemp(name));
    return strdup(name);
}

size_t common_folder_count(const char *folder)
{
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    size_t count = 0;
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder)) {
        count += entry->d_name[0] == '.' && strlen(entry->d_name) < 3 ? 0 : 1;
    }
    (void)closedir(open_folder);
    return count;
}

void common_folder_remove(char *folder)
{
    static const char *const names[] = {"keystore", "keystore.lock", "file", "lock", "link"};
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)unlinkat(fd, names[i], 0);
    }
    (void)close(fd);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left behind */
    free(folder);
}
