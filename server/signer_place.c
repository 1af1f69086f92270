#include "server/signer_place.h"

#include <sys/stat.h>

enum signer_place signer_place_of(const struct config *config, uid_t server_uid, uid_t *out_uid)
{
    *out_uid = server_uid;
    if (config->signer_socket[0] == '\0') {
        return SIGNER_PLACE_CHILD;
    }
    struct stat info;
    if (lstat(config->signer_socket, &info) != 0 || !S_ISSOCK(info.st_mode)) {
        return SIGNER_PLACE_AWAY;
    }
    *out_uid = info.st_uid;
    /* The user 0 reads every file, also the signer's key. */
    return info.st_uid == server_uid || server_uid == 0 ? SIGNER_PLACE_SAME_USER
                                                        : SIGNER_PLACE_APART;
}

static void print_json(enum signer_place place, uid_t uid)
{
    static const char *const NAMES[] = {"child", "away", "same_user", "apart"};
    (void)printf("\"signer\":{\"place\":\"%s\",\"own_user\":%s", NAMES[place],
                 place == SIGNER_PLACE_APART ? "true" : "false");
    if (place == SIGNER_PLACE_SAME_USER || place == SIGNER_PLACE_APART) {
        (void)printf(",\"uid\":%lu", (unsigned long)uid);
    }
    (void)printf("}");
}

static void print_text(enum signer_place place, uid_t uid, const char *socket)
{
    static const char CAN[] = "             whoever takes over alcoved can sign a second history";
    switch (place) {
    case SIGNER_PLACE_CHILD:
        (void)printf("log signer   started by alcoved, with its user:\n%s\n", CAN);
        return;
    case SIGNER_PLACE_AWAY:
        (void)printf("log signer   nothing listens at %s\n", socket);
        return;
    case SIGNER_PLACE_SAME_USER:
        (void)printf("log signer   at %s (user %lu), but alcoved's user can read its key:\n%s\n",
                     socket, (unsigned long)uid, CAN);
        return;
    case SIGNER_PLACE_APART:
        (void)printf("log signer   apart, at %s, with a user of its own (%lu)\n", socket,
                     (unsigned long)uid);
        return;
    }
}

void signer_place_print(const struct paths *paths, bool json)
{
    struct config config;
    char error[256];
    struct stat info;
    if (config_read(paths->config, &config, error, sizeof error) != STATUS_OK ||
        stat(paths->login_key, &info) != 0) {
        (void)printf("%s", json ? "\"signer\":null" : "log signer   not known\n");
        return;
    }
    uid_t uid = 0;
    enum signer_place place = signer_place_of(&config, info.st_uid, &uid);
    if (json) {
        print_json(place, uid);
    } else {
        print_text(place, uid, config.signer_socket);
    }
}
