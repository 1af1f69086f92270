#include "client/cli/kept_text.h"

#include "client/cli/command.h"
#include "client/cli/kept_key.h"
#include "keys/private/private_file.h"
#include "keys/private/typed_seal.h"
#include "keys/public/bytes/disk.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/random.h"
#include "keys/public/bytes/wipe.h"

#include <dirent.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NAME_RANDOM_BYTES 4u
#define SEALED_BYTES_MAX  (KEPT_BYTES_MAX + (1u << 20))
/* A folder takes little more than a file of this size. */
#define ROOM_BYTES        65536u

static enum status folder_of(const char *profile, char out[static FILES_PATH_BYTES_MAX])
{
    return files_join(profile, KEPT_FOLDER, out);
}

static bool is_name(const char *name)
{
    return strlen(name) == HEX_CHARS(NAME_RANDOM_BYTES) &&
           strspn(name, "0123456789abcdef") == strlen(name);
}

void kept_text_draw(const char *profile, char out_name[static KEPT_NAME_BYTES])
{
    char folder[FILES_PATH_BYTES_MAX];
    char path[FILES_PATH_BYTES_MAX];
    do {
        uint8_t bytes[NAME_RANDOM_BYTES];
        random_bytes(bytes, sizeof bytes);
        hex_encode(span_of(bytes, sizeof bytes), out_name);
    } while (folder_of(profile, folder) == STATUS_OK &&
             files_join(folder, out_name, path) == STATUS_OK && access(path, F_OK) == 0);
}

/* ---- sealing */

enum status kept_text_seal_record(const struct cli *cli, const char *name, struct span record,
                                  uint8_t **out_sealed, size_t *out_size)
{
    struct public_key key;
    enum status status = kept_key_get(cli, &key);
    uint8_t *sealed = NULL;
    if (status == STATUS_OK) {
        *out_size = record.size + TYPED_SEAL_OVERHEAD_BYTES;
        sealed = malloc(*out_size);
        status = sealed == NULL ? STATUS_NO_MEMORY
                                : typed_seal(&key, span_of(name, strlen(name)), record, sealed);
    }
    if (status != STATUS_OK) {
        free(sealed);
        sealed = NULL;
    }
    *out_sealed = sealed;
    return status;
}

/* The system says of a full disk only that it failed. */
enum status kept_text_put(const char *profile, const char *name, struct span sealed)
{
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = folder_of(profile, folder);
    if (status == STATUS_OK) {
        status = private_file_folder(folder);
    }
    if (status == STATUS_OK) {
        status = private_file_write(folder, name, sealed);
    }
    struct statvfs room;
    bool full = status == STATUS_IO && statvfs(profile, &room) == 0 &&
                (uint64_t)room.f_bavail * room.f_frsize < sealed.size + ROOM_BYTES;
    return full ? STATUS_FULL : status;
}

/* |clear| becomes the folder that the sealed text waits in. */
static bool put_in_memory(const struct cli *cli, const char *name, const struct kept_words *words,
                          struct span sealed, struct kept *clear)
{
    if (clear->lock < 0) {
        uint8_t *about = NULL;
        size_t size = 0;
        enum status status =
            kept_record_about(cli->profile, words, span_of(NULL, 0), &about, &size);
        if (status == STATUS_OK) {
            status = kept_new(name, span_of(about, size), span_of(NULL, 0), clear);
        }
        free(about);
        if (status != STATUS_OK) {
            return false;
        }
    }
    return kept_put_sealed(clear, sealed) == STATUS_OK;
}

struct kept_outcome kept_text_seal(const struct cli *cli, const char *name,
                                   const struct kept_words *words, struct span text,
                                   struct kept *clear)
{
    uint8_t *record = NULL;
    size_t record_size = 0;
    struct kept_outcome outcome = {
        .disk = kept_record_new(words, text, KEPT_RECORD_PADDED, &record, &record_size)};
    uint8_t *sealed = NULL;
    size_t size = 0;
    if (outcome.disk == STATUS_OK) {
        outcome.disk =
            kept_text_seal_record(cli, name, span_of(record, record_size), &sealed, &size);
    }
    if (outcome.disk == STATUS_OK) {
        outcome.disk = kept_text_put(cli->profile, name, span_of(sealed, size));
        outcome.sealed = outcome.disk == STATUS_OK ||
                         put_in_memory(cli, name, words, span_of(sealed, size), clear);
    }
    if (outcome.disk == STATUS_OK) {
        kept_drop(clear);
    }
    if (record != NULL) {
        wipe(record, record_size);
    }
    free(record);
    free(sealed);
    return outcome;
}

/* ---- opening */

struct by_name {
    const char *name;
    uint8_t *bytes;
    size_t size;
};

static bool take_by_name(void *visitor, struct kept *kept)
{
    struct by_name *search = visitor;
    return strcmp(kept->name, search->name) != 0 ||
           kept_sealed(kept, &search->bytes, &search->size) != STATUS_OK;
}

static enum status read_sealed(const char *profile, const char *name, uint8_t **out_bytes,
                               size_t *out_size)
{
    *out_bytes = NULL;
    if (!is_name(name)) {
        return STATUS_NOT_FOUND;
    }
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = folder_of(profile, folder);
    if (status == STATUS_OK) {
        status = private_file_read(folder, name, SEALED_BYTES_MAX, out_bytes, out_size);
    }
    if (status == STATUS_NOT_FOUND) {
        struct by_name search = {.name = name};
        kept_all(take_by_name, &search);
        *out_bytes = search.bytes;
        *out_size = search.size;
        status = search.bytes == NULL ? STATUS_NOT_FOUND : STATUS_OK;
    }
    return status;
}

enum status kept_text_open(const struct cli *cli, const char *name, struct kept_text *out_text)
{
    const struct keystore_content *content = keystore_content(host_keystore(cli->host));
    memset(out_text, 0, sizeof *out_text);
    uint8_t *sealed = NULL;
    size_t size = 0;
    enum status status = read_sealed(cli->profile, name, &sealed, &size);
    if (status == STATUS_OK && size < TYPED_SEAL_OVERHEAD_BYTES) {
        status = STATUS_WRONG_KEY;
    }
    if (status == STATUS_OK) {
        out_text->size = size - TYPED_SEAL_OVERHEAD_BYTES;
        out_text->bytes = malloc(out_text->size + 1);
        status = out_text->bytes == NULL
                     ? STATUS_NO_MEMORY
                     : typed_seal_open(content->cache_master, &content->practice,
                                       span_of(name, strlen(name)), span_of(sealed, size),
                                       out_text->bytes);
    }
    free(sealed);
    if (status == STATUS_OK) {
        (void)snprintf(out_text->name, sizeof out_text->name, "%s", name);
        status = kept_record_read(cli->commands, out_text);
    }
    if (status != STATUS_OK) {
        kept_text_deinit(out_text);
    }
    return status;
}

void kept_text_deinit(struct kept_text *text)
{
    if (text->bytes != NULL) {
        wipe(text->bytes, text->size);
    }
    free(text->bytes);
    memset(text, 0, sizeof *text);
}

static bool drop_by_name(void *visitor, struct kept *kept)
{
    struct by_name *search = visitor;
    if (strcmp(kept->name, search->name) == 0) {
        kept_drop(kept);
        search->size = 1;
    }
    return search->size == 0;
}

enum status kept_text_drop(const char *profile, const char *name)
{
    if (!is_name(name)) {
        return STATUS_NOT_FOUND;
    }
    struct by_name search = {.name = name};
    char folder[FILES_PATH_BYTES_MAX];
    enum status status = folder_of(profile, folder);
    char path[FILES_PATH_BYTES_MAX];
    if (status == STATUS_OK) {
        status = files_join(folder, name, path);
    }
    if (status == STATUS_OK && unlink(path) == 0) {
        return disk_sync_folder(folder);
    }
    kept_all(drop_by_name, &search);
    return search.size == 0 ? STATUS_NOT_FOUND : status;
}

/* ---- all */

static bool is_ours(const char *profile, const struct kept *kept)
{
    uint8_t *about = NULL;
    size_t size = 0;
    bool ours = kept_about(kept, &about, &size) == STATUS_OK &&
                kept_record_is_of(span_of(about, size), profile, NULL, NULL);
    free(about);
    return ours;
}

struct visiting {
    const char *profile;
    kept_text_visit *visit;
    void *visitor;
    bool more;
};

static bool visit_in_memory(void *visitor, struct kept *kept)
{
    struct visiting *visiting = visitor;
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (is_ours(visiting->profile, kept) && kept_sealed(kept, &bytes, &size) == STATUS_OK) {
        visiting->more = visiting->visit(visiting->visitor, kept->name);
    }
    free(bytes);
    return visiting->more;
}

void kept_text_all(const char *profile, kept_text_visit *visit, void *visitor)
{
    struct visiting visiting = {profile, visit, visitor, true};
    char path[FILES_PATH_BYTES_MAX];
    DIR *folder = folder_of(profile, path) == STATUS_OK ? opendir(path) : NULL;
    const struct dirent *entry;
    while (folder != NULL && visiting.more && (entry = readdir(folder)) != NULL) {
        visiting.more = !is_name(entry->d_name) || visit(visitor, entry->d_name);
    }
    if (folder != NULL) {
        (void)closedir(folder);
    }
    if (visiting.more) {
        kept_all(visit_in_memory, &visiting);
    }
}

struct named {
    const char *name;
    bool found;
};

static bool find_named(void *visitor, const char *name)
{
    struct named *named = visitor;
    named->found = strcmp(named->name, name) == 0;
    return !named->found;
}

bool kept_text_is(const char *profile, const char *name)
{
    struct named named = {name, false};
    kept_text_all(profile, find_named, &named);
    return named.found;
}

static bool count_one(void *visitor, const char *name)
{
    (void)name;
    ++*(size_t *)visitor;
    return true;
}

size_t kept_text_count(const char *profile)
{
    size_t count = 0;
    kept_text_all(profile, count_one, &count);
    return count;
}
