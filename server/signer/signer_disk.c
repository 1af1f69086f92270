#include "server/signer/signer_disk.h"

#include <errno.h>
#include <unistd.h>

static enum status disk_fault(void)
{
    return errno == ENOSPC || errno == EDQUOT ? STATUS_FULL : STATUS_IO;
}

static off_t place_of(uint64_t slot)
{
    CHECK(slot < SIGNER_DISK_SLOTS);
    return (off_t)(slot * SIGNER_DISK_SLOT_BYTES);
}

enum status signer_disk_read(int fd, uint64_t slot, void *out, size_t size)
{
    ssize_t n = 0;
    do {
        n = pread(fd, out, size, place_of(slot));
    } while (n < 0 && errno == EINTR);
    return n >= 0 && (size_t)n == size ? STATUS_OK : STATUS_IO;
}

enum status signer_disk_write(int fd, uint64_t slot, struct span bytes)
{
    off_t place = place_of(slot);
    while (bytes.size > 0) {
        ssize_t n = pwrite(fd, bytes.data, bytes.size, place);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? disk_fault() : STATUS_IO;
        }
        bytes = span_of(bytes.data + n, bytes.size - (size_t)n);
        place += n;
    }
    return STATUS_OK;
}

/* A failed sync is never repeated: the kernel tells an error once and then takes the pages for
 * written. The caller writes its bytes again before it syncs again. */
enum status signer_disk_sync(int fd)
{
    int rc = 0;
    do {
        rc = fdatasync(fd);
    } while (rc != 0 && errno == EINTR);
    return rc == 0 ? STATUS_OK : disk_fault();
}
