#include "tests/unit/backup/backup_scene.h"

#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/random.h"
#include "keys/public/hash.h"
#include "server/backup/folder.h"
#include "server/backup/make.h"
#include "server/core/core.h"
#include "server/signer/signer_file.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The root names the scene's log key as the next one. */
static void found(struct scene *scene)
{
    make_init(&scene->w);
    struct statement_server_keys keys = *authority_server_keys(scene->w.authority);
    keys.log_next = scene->log_key;
    make_take(&scene->w, make_server_keys(&scene->w, &keys));
    struct span all[16];
    assert_true(scene->w.log_count <= ARRAY_LEN(all));
    for (size_t i = 0; i < scene->w.log_count; i++) {
        all[i] = scene->w.log[i].bytes;
    }
    char path[128];
    (void)snprintf(path, sizeof path, "%s/db", scene->data);
    const struct db_options options = {.map_bytes = (uint64_t)64 << 20, .create = true};
    OK(db_open(path, &options, &scene->db));
    OK(core_install(scene->db, all, scene->w.log_count, NULL, 0, scene->w.time_ms));
}

int scene_setup(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    OK(random_init());
    (void)snprintf(scene->base, sizeof scene->base, "/tmp/alcove-backup-XXXXXX");
    assert_non_null(mkdtemp(scene->base));
    (void)snprintf(scene->data, sizeof scene->data, "%s/data", scene->base);
    (void)snprintf(scene->folder, sizeof scene->folder, "%s/backup", scene->base);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/signer", scene->base);
    assert_int_equal(mkdir(scene->data, 0700), 0);
    OK(signer_file_init(path, &scene->log_key));
    OK(signer_file_key(path, &scene->key));
    OK(signer_starter_new(path, ALCOVE_SIGNER, &scene->starter));
    put(scene->data, "alcoved.conf", "listen = 127.0.0.1:1\n", 21);
    put(scene->data, "server.pub", "keys", 4);
    put(scene->data, "tls.crt", "certificate", 11);
    found(scene);
    const struct signer_link_options options = {.starter = scene->starter};
    OK(signer_link_open(&options, &scene->w.practice, &scene->signer));
    static struct signer_link_notes notes;
    struct txn *txn = NULL;
    OK(db_begin_read(scene->db, &txn));
    OK(signer_link_checkpoint(scene->signer, txn, &notes));
    db_abort(txn);
    scene_backup(scene);
    *state = scene;
    return 0;
}

int scene_teardown(void **state)
{
    struct scene *scene = *state;
    signer_link_close(scene->signer);
    signer_starter_free(scene->starter);
    log_key_close(scene->key);
    db_close(scene->db);
    make_free(&scene->w);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", scene->base);
    assert_int_equal(system(command), 0);
    free(scene);
    return 0;
}

void scene_backup(struct scene *scene)
{
    static const char *const names[BACKUP_FILES] = {[BACKUP_CONFIG] = "alcoved.conf",
                                                    [BACKUP_PUBLIC] = "server.pub",
                                                    [BACKUP_CERTIFICATE] = "tls.crt"};
    struct make_source source = {.db = scene->db,
                                 .signer = scene->signer,
                                 .practice = scene->w.practice,
                                 .log_key = scene->log_key};
    char paths[BACKUP_FILES][128];
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s", scene->data,
                       names[i] == NULL ? "" : names[i]);
        source.paths[i] = names[i] == NULL ? NULL : paths[i];
    }
    enum status removed = folder_remove(scene->folder);
    (void)removed;
    scene->trouble.text[0] = '\0';
    struct check_report report;
    enum status status =
        make_backup(&source, scene->folder, NULL, scene->w.time_ms, &report, &scene->trouble);
    assert_string_equal(scene->trouble.text, "");
    assert_int_equal(status, STATUS_OK);
    scene->manifest = report.manifest;
}

enum status scene_check(struct scene *scene)
{
    const struct check_options options = {.now_ms = scene->w.time_ms};
    scene->trouble.text[0] = '\0';
    struct check_report report;
    enum status status = check_backup(scene->folder, &options, &report, &scene->trouble);
    assert_int_equal(status == STATUS_OK, scene->trouble.text[0] == '\0');
    return status;
}

const char *scene_path(const struct scene *scene, const char *name)
{
    static char path[192];
    (void)snprintf(path, sizeof path, "%s/%s", scene->folder, name);
    return path;
}

uint8_t *scene_read(const struct scene *scene, const char *name, size_t *out_size)
{
    FILE *file = fopen(scene_path(scene, name), "re");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *out_size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*out_size + 1u);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *out_size, file), *out_size);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

void scene_write(const struct scene *scene, const char *name, const void *bytes, size_t size)
{
    put(scene->folder, name, bytes, size);
}

void scene_sign(struct scene *scene, const struct log_key *key)
{
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        char name[MANIFEST_NAME_CHARS_MAX];
        manifest_file_name((enum backup_file)i, false, name);
        int fd = open(scene_path(scene, name), O_RDONLY | O_CLOEXEC);
        OK(folder_sum(fd, &scene->manifest.files[i]));
        (void)close(fd);
    }
    char text[MANIFEST_BYTES_MAX];
    size_t size = 0;
    manifest_encode(&scene->manifest, text, &size);
    struct hash hash;
    hash_bytes(span_of(text, size), &hash);
    struct signature signature;
    OK(log_key_sign_backup(key, &scene->manifest.practice, &hash, &signature));
    char line[HEX_CHARS(SIGNATURE_BYTES) + 1u];
    hex_encode(ID_SPAN(&signature), line);
    line[sizeof line - 1] = '\n';
    scene_write(scene, MANIFEST_NAME, text, size);
    scene_write(scene, MANIFEST_SIGNATURE_NAME, line, sizeof line);
}

void scene_head(struct scene *scene, enum origin_log log, uint64_t size, const struct hash *root)
{
    struct checkpoint head = {.size = size, .root = *root};
    origin_format(&scene->w.practice, log, head.origin);
    char note[CHECKPOINT_NOTE_BYTES_MAX];
    size_t note_size = 0;
    OK(log_key_sign(scene->key, &head, note, &note_size));
    scene_write(scene, log == ORIGIN_EVENTS ? "events.note" : "statements.note", note, note_size);
    scene->manifest.heads[log] = (struct manifest_head){size, *root};
}
