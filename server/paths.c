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
        {out->config, "alcoved.conf"},   {out->db, "db"},
        {out->tls_key, "tls.key"},       {out->tls_certificate, "tls.crt"},
        {out->login_key, "login.key"},   {out->signer, "signer"},
        {out->server_pub, "server.pub"},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (join(all[i].out, PATHS_BYTES_MAX, data, all[i].name) != STATUS_OK) {
            return STATUS_USAGE;
        }
    }
    return STATUS_OK;
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
