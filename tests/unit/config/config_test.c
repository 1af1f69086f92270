/* DATA/alcoved.conf: every key, every bound, and errors that name the line. */
#include "server/config.h"
#include "tests/support/test.h"

#include <unistd.h>

#define LISTEN "listen = [::]:7000\n"

static char path[64];
static char error[8192];

static enum status read_text(const char *text, size_t size, struct config *out)
{
    (void)snprintf(path, sizeof path, "/tmp/alcove-config-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
    assert_int_equal(close(fd), 0);
    error[0] = '\0';
    enum status status = config_read(path, out, error, sizeof error);
    assert_int_equal(unlink(path), 0);
    return status;
}

static enum status read_config(const char *text, struct config *out)
{
    return read_text(text, strlen(text), out);
}

/* Goal: every key is taken. Method: a file with each, with comments, tabs and CRLF. */
static void test_every_key(void **state)
{
    (void)state;
    struct config c;
    OK(read_config("# comment\n\n"
                   "listen = [::1]:7000\r\n"
                   "\torigin=https://a.example\n"
                   "origin = https://b.example\n"
                   "signer-socket = /run/signer\n"
                   "require-sandbox = yes\n"
                   "threads = 64\n"
                   "map-mib = 16777216\n"
                   "connections-max = 1\n"
                   "connections-per-address-max = 2\n"
                   "requests-owed-max = 3\n"
                   "login-timeout-ms = 100\n"
                   "message-timeout-ms = 60000\n"
                   "ping-after-ms = 1000",
                   &c));
    assert_string_equal(c.host, "::1");
    assert_int_equal(c.port, 7000);
    assert_int_equal(c.origin_count, 2);
    assert_string_equal(c.origins[1], "https://b.example");
    assert_string_equal(c.signer_socket, "/run/signer");
    assert_true(c.require_sandbox);
    assert_int_equal(c.threads, 64);
    assert_int_equal(c.map_mib, 16777216);
    assert_int_equal(c.connections_max, 1);
    assert_int_equal(c.connections_per_address_max, 2);
    assert_int_equal(c.requests_owed_max, 3);
    assert_int_equal(c.login_timeout_ms, 100);
    assert_int_equal(c.message_timeout_ms, 60000);
    assert_int_equal(c.ping_after_ms, 1000);
}

/* Goal: a file with nothing but an address to listen on is the defaults. Method: compare. */
static void test_defaults(void **state)
{
    (void)state;
    struct config defaults;
    config_default(&defaults);
    (void)snprintf(defaults.host, sizeof defaults.host, "::");
    defaults.port = 7000;
    struct config c;
    OK(read_config(LISTEN, &c));
    assert_memory_equal(&c, &defaults, sizeof c);
}

/* Goal: without an address to listen on nothing starts, and the file is named. Method: an empty
 * file, and one with all but that. */
static void test_no_listen(void **state)
{
    static const char *const without[] = {"", "# listen = [::1]:7000\nthreads = 2\n"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(without); i++) {
        struct config c;
        assert_int_equal(read_config(without[i], &c), STATUS_MALFORMED);
        assert_non_null(strstr(error, "`listen = HOST:PORT` is missing"));
        assert_ptr_equal(strstr(error, path), error);
    }
}

/* Goal: what is wrong is an error that names file, line and key. Method: each wrong line as
 * the third of a file that is right otherwise. */
static void test_wrong_lines(void **state)
{
    static const char *const wrong[] = {
        "thread = 2",
        "Threads = 2",
        "threads",
        "threads 2",
        "= 2",
        "threads =",
        "threads = 0",
        "threads = 65",
        "threads = -1",
        "threads = +1",
        "threads = 2x",
        "threads = 0x2",
        "threads = 99999999999999999999999",
        "map-mib = 0",
        "map-mib = 16777217",
        "connections-max = 0",
        "connections-per-address-max = 1000001",
        "requests-owed-max = 1025",
        "login-timeout-ms = 99",
        "message-timeout-ms = 60001",
        "ping-after-ms = 999",
        "require-sandbox = 1",
        "require-sandbox = Yes",
        "listen = 7000",
        "listen = host",
        "listen = :7000",
        "listen = host:65536",
        "listen = [::1:7000",
        "listen = []:7000",
        "listen =",
        "listen = ::1:7000",
        "listen = http://host:7000",
        "listen = ex\xc3\xa4mple.org:7000",
        "origin =",
        "signer-socket =",
        "connections-max = 5 # five",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "# one\n\n%s\nthreads = 2\n", wrong[i]);
        struct config c;
        if (read_config(text, &c) != STATUS_MALFORMED) {
            fail_msg("taken: %s", wrong[i]);
        }
        char line[96];
        (void)snprintf(line, sizeof line, "%s line 3: ", path);
        if (strstr(error, line) != error) {
            fail_msg("'%s' does not name the line of: %s", error, wrong[i]);
        }
    }
}

/* Goal: each key once, but for origins, of which there is a limit. Method: doubled lines. */
static void test_twice(void **state)
{
    (void)state;
    struct config c;
    assert_int_equal(read_config("threads = 2\nthreads = 2\n", &c), STATUS_MALFORMED);
    assert_non_null(strstr(error, "line 2: threads: given twice"));
    char text[2048] = LISTEN;
    for (size_t i = 0; i < CONFIG_ORIGINS_MAX; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "origin = https://%zu\n",
                       i);
    }
    OK(read_config(text, &c));
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "origin = https://more\n");
    assert_int_equal(read_config(text, &c), STATUS_MALFORMED);
    assert_non_null(strstr(error, "line 18"));
}

/* Goal: no line is silently left out. Method: a zero byte before a wrong line; a mark that nobody
 * sees before the first; a file that is too large, one that is not there. */
static void test_whole_file(void **state)
{
    static char large[70000];
    static const char zero[] = "threads = 2\n\0thread = 2\n";
    (void)state;
    struct config c;
    assert_int_equal(read_text(zero, sizeof zero - 1, &c), STATUS_MALFORMED);
    assert_int_equal(read_config("\xef\xbb\xbf" LISTEN, &c), STATUS_MALFORMED);
    assert_non_null(strstr(error, "byte order mark"));
    memset(large, '#', sizeof large);
    assert_int_equal(read_text(large, sizeof large, &c), STATUS_TOO_LARGE);
    assert_int_equal(config_read("/tmp/alcove-no-such-file", &c, error, sizeof error),
                     STATUS_NOT_FOUND);
    assert_non_null(strstr(error, "/tmp/alcove-no-such-file"));
}

/* Goal: what a server takes without a restart, and what it names, is all that changed; a larger map is
 * taken and a smaller one is not. Method: every key changed at once, taken, and compared again. */
static void test_changes(void **state)
{
    (void)state;
    struct config was;
    OK(read_config(LISTEN, &was));
    struct config now;
    OK(read_config(
        "listen = [::1]:7001\norigin = https://a.example\nsigner-socket = /run/signer\n"
        "require-sandbox = yes\nthreads = 64\nmap-mib = 100000\nconnections-max = 1\n"
        "connections-per-address-max = 2\nrequests-owed-max = 3\nlogin-timeout-ms = 100\n"
        "message-timeout-ms = 60000\nping-after-ms = 1000\nlines-per-hour = 5\n",
        &now));
    char names[CONFIG_CHANGES_BYTES];
    assert_int_equal(config_changes(&was, &was, true, names, sizeof names), 0);
    assert_string_equal(names, "");
    assert_int_equal(config_changes(&was, &now, true, names, sizeof names), 8);
    assert_string_equal(names,
                        "origin, map-mib, connections-per-address-max, requests-owed-max, "
                        "login-timeout-ms, message-timeout-ms, ping-after-ms, lines-per-hour");
    assert_int_equal(config_changes(&was, &now, false, names, sizeof names), 5);
    assert_string_equal(names, "listen, signer-socket, require-sandbox, threads, connections-max");
    struct config taken = was;
    config_take(&taken, &now);
    assert_int_equal(config_changes(&taken, &now, true, names, sizeof names), 0);
    assert_int_equal(config_changes(&was, &taken, true, names, sizeof names), 8);
    assert_int_equal(config_changes(&was, &taken, false, names, sizeof names), 0);
    assert_int_equal(config_changes(&taken, &was, false, names, sizeof names), 1);
    assert_string_equal(names, "map-mib");
    config_take(&taken, &was);
    assert_int_equal(taken.map_mib, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key),   cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_wrong_lines), cmocka_unit_test(test_twice),
        cmocka_unit_test(test_whole_file),  cmocka_unit_test(test_no_listen),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
