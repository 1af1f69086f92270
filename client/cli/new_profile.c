#include "client/cli/new_profile.h"

#include "client/cli/files.h"

#include <unistd.h>

enum status new_profile_place(const char *profile)
{
    static const uint8_t zeros[4096];
    enum status status = files_parents(profile);
    if (status == STATUS_OK) {
        status = files_folder(profile);
    }
    char path[FILES_PATH_BYTES_MAX];
    if (status == STATUS_OK) {
        status = files_join(profile, "room", path);
    }
    if (status == STATUS_OK) {
        (void)unlink(path);
        status = files_write_new(path, span_of(zeros, sizeof zeros));
        (void)unlink(path);
    }
    return status;
}

void new_profile_remove(const char *profile, const char *card_path)
{
    static const char *const names[] = {"keystore", "keystore.lock"};
    char path[FILES_PATH_BYTES_MAX];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (files_join(profile, names[i], path) == STATUS_OK) {
            (void)unlink(path);
        }
    }
    if (card_path != NULL) {
        (void)unlink(card_path);
    }
    (void)rmdir(profile); /* not if there is something else in it */
}
