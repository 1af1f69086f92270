/* The server's TLS identity on disk. */
#include "server/tls/tls_identity.h"
#include "tests/support/test.h"

#include <sys/stat.h>
#include <unistd.h>

struct place {
    char folder[64];
    char key[96];
    char certificate[96];
};

static int set_up(void **state)
{
    static struct place place;
    (void)snprintf(place.folder, sizeof place.folder, "/tmp/alcove-tls-XXXXXX");
    assert_non_null(mkdtemp(place.folder));
    (void)snprintf(place.key, sizeof place.key, "%s/k", place.folder);
    (void)snprintf(place.certificate, sizeof place.certificate, "%s/c", place.folder);
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    const struct place *place = *state;
    (void)unlink(place->key);
    (void)unlink(place->certificate);
    return rmdir(place->folder);
}

/* Goal: key and certificate are made once, the key for its owner only, and the pin is
 * that of the certificate; two identities differ. */
static void test_make(void **state)
{
    const struct place *place = *state;
    struct hash made;
    assert_int_equal(tls_identity_make(place->key, place->certificate, &made), STATUS_OK);
    struct stat file;
    assert_int_equal(stat(place->key, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    struct hash read;
    assert_int_equal(tls_identity_pin(place->certificate, &read), STATUS_OK);
    assert_true(ID_EQUAL(&made, &read));
    struct hash second;
    assert_int_equal(tls_identity_make(place->key, place->certificate, &second), STATUS_ALREADY);
    assert_int_equal(tls_identity_pin(place->certificate, &read), STATUS_OK);
    assert_true(ID_EQUAL(&made, &read));
    assert_int_equal(unlink(place->key), 0);
    assert_int_equal(tls_identity_make(place->key, place->certificate, &second), STATUS_ALREADY);
    assert_int_not_equal(access(place->key, F_OK), 0);
    assert_int_equal(unlink(place->certificate), 0);
    assert_int_equal(tls_identity_make(place->key, place->certificate, &second), STATUS_OK);
    assert_false(ID_EQUAL(&made, &second));
}

/* Goal: what is not a certificate gives no pin. */
static void test_not_a_certificate(void **state)
{
    const struct place *place = *state;
    struct hash pin;
    assert_int_equal(tls_identity_pin(place->certificate, &pin), STATUS_IO);
    assert_int_equal(tls_identity_make("/nonexistent/k", place->certificate, &pin), STATUS_IO);
    assert_int_not_equal(access(place->certificate, F_OK), 0);
    assert_int_equal(tls_identity_make(place->key, "/nonexistent/c", &pin), STATUS_IO);
    assert_int_not_equal(access(place->key, F_OK), 0);
    struct hash made;
    assert_int_equal(tls_identity_make(place->key, place->certificate, &made), STATUS_OK);
    assert_int_equal(tls_identity_pin(place->key, &pin), STATUS_MALFORMED);
    FILE *file = fopen(place->certificate, "w");
    assert_non_null(file);
    assert_true(fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file) > 0);
    int closed = fclose(file);
    assert_int_equal(closed, 0);
    assert_int_equal(tls_identity_pin(place->certificate, &pin), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_make, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_a_certificate, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
