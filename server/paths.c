#include "server/paths.h"

#include "keys/public/bytes/disk.h"

#include <errno.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status join(char *out, size_t capacity, const char *folder, const char *name)
{
    int n = snprintf(out, capacity, "%s/%s", folder, name);
    return n > 0 && (size_t)n < capacity ? STATUS_OK : STATUS_USAGE;
}

enum status paths_init(const char *data, struct paths *out)
{
    struct {
        char *out;
        const char *name;
    } all[] = {
        {out->config, "alcoved.conf"}, {out->db, "db"},           {out->db_file, "db/data.mdb"},
        {out->clock, "clock"},         {out->tls_key, "tls.key"}, {out->tls_certificate, "tls.crt"},
        {out->login_key, "login.key"}, {out->signer, "signer"},   {out->server_pub, "server.pub"},
        {out->damage, "damage"},       {out->backup, "backup"},   {out->read_only, "read-only"},
        {out->restored, "restored"},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (join(all[i].out, PATHS_BYTES_MAX, data, all[i].name) != STATUS_OK) {
            return STATUS_USAGE;
        }
    }
    int n = snprintf(out->data, sizeof out->data, "%s", data);
    return n > 0 && (size_t)n < sizeof out->data ? STATUS_OK : STATUS_USAGE;
}

enum status paths_beside(const char *name, char *out, size_t capacity)
{
    char self[PATHS_BYTES_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) {
        return STATUS_IO;
    }
    self[n] = '\0';
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has started
    return join(out, capacity, dirname(self), name);
}

enum status paths_folder(const char *path)
{
    if (mkdir(path, 0700) == 0) {
        return disk_sync_parent(path);
    }
    struct stat found;
    if (errno != EEXIST || stat(path, &found) != 0 || !S_ISDIR(found.st_mode) ||
        found.st_uid != geteuid()) {
        return STATUS_IO;
    }
    return STATUS_OK;
}

bool paths_trouble(const char *path, uint32_t owner, char out[static PATHS_TROUBLE_BYTES])
{
    struct stat found;
    if (lstat(path, &found) != 0) {
        (void)snprintf(out, PATHS_TROUBLE_BYTES, "%s: %s", path, strerrordesc_np(errno));
        return true;
    }
    unsigned mode = found.st_mode & 07777u;
    if (found.st_uid != owner) {
        (void)snprintf(out, PATHS_TROUBLE_BYTES,
                       "%s belongs to user %u and not to user %u, so that permission is lacking: "
                       "chown %u %s",
                       path, (unsigned)found.st_uid, (unsigned)owner, (unsigned)owner, path);
        return true;
    }
    unsigned right = S_ISDIR(found.st_mode) ? 0700u : 0600u;
    if ((mode & 077u) != 0 || (mode & right) != right) {
        (void)snprintf(out, PATHS_TROUBLE_BYTES, "%s has mode %04o and must have %04o: chmod %o %s",
                       path, mode, right, right, path);
        return true;
    }
    return false;
}
