/* Where the log signer runs, as `alcoved status` tells it. */

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/signer_place.h"
#include "tests/support/test.h"

/* Goal: only a socket of another user counts as a signer of its own, and never when alcoved is
 * root. Method: no socket, a name where nothing is, a plain file, our own socket. */
static void test_place(void **state)
{
    (void)state;
    char folder[] = "/tmp/alcove-place-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct config config;
    config_default(&config);
    uid_t ours = geteuid();
    uid_t uid = 0;
    assert_int_equal(signer_place_of(&config, ours, &uid), SIGNER_PLACE_CHILD);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", folder);
    (void)snprintf(config.signer_socket, sizeof config.signer_socket, "%s", address.sun_path);
    assert_int_equal(signer_place_of(&config, ours, &uid), SIGNER_PLACE_AWAY);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(signer_place_of(&config, ours, &uid), SIGNER_PLACE_SAME_USER);
    assert_int_equal(uid, ours);
    assert_int_equal(signer_place_of(&config, ours + 1, &uid), SIGNER_PLACE_APART);
    assert_int_equal(uid, ours);
    assert_int_equal(signer_place_of(&config, 0, &uid), SIGNER_PLACE_SAME_USER);
    (void)close(fd);
    (void)unlink(address.sun_path);
    FILE *file = fopen(address.sun_path, "we");
    assert_non_null(file);
    (void)fclose(file);
    assert_int_equal(signer_place_of(&config, ours + 1, &uid), SIGNER_PLACE_AWAY);
    (void)unlink(address.sun_path);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
