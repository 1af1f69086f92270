#include "tests/hostile/floods.h"

#include "tests/hostile/half_open.h"
#include "tests/hostile/socket.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    FLOODERS = 3,
    LOGINS = 8,
    FLOOD_S_MAX = 30,
    HALF_OPEN_S_MAX = 30,
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "floods: %s\n", what);
        exit(1);
    }
}

static void log_in(uint16_t port, const struct keystore_content *content, const char *beside)
{
    static struct attack_socket socket;
    must(socket_connect(&socket, port) && socket_login(&socket, content), beside);
    socket_close(&socket);
}

static void half_open(uint16_t port, const struct keystore_content *content)
{
    const char *what = "";
    must(half_open_begin(port, &what), what);
    log_in(port, content, "nobody gets in beside connections that never finish their handshake");
    size_t closed = 0;
    must(half_open_end(HALF_OPEN_S_MAX, &closed), "a connection without a handshake is kept");
    (void)printf("ok %zu connections that never finish their handshake are sent away\n", closed);
}

/* In a process of its own: 0 when the server ended it, 1 when it went on. */
static int flood_with_key_updates(uint16_t port)
{
    const struct raw_options options = raw_options_good(port);
    const time_t until = time(NULL) + FLOOD_S_MAX;
    struct raw_ws *ws = NULL;
    if (raw_ws_connect(&options, &ws) != RAW_UPGRADED) {
        return 2;
    }
    while (raw_ws_key_update(ws)) {
        if (time(NULL) >= until) {
            return 1;
        }
    }
    return 0;
}

/* Records without data must not keep a thread from the others, nor the login's deadline from
 * coming: whoever sends nothing else is sent away. */
static void key_updates(uint16_t port, const struct keystore_content *content)
{
    pid_t flooders[FLOODERS];
    for (size_t i = 0; i < FLOODERS; i++) {
        flooders[i] = fork();
        must(flooders[i] >= 0, "fork");
        if (flooders[i] == 0) {
            _exit(flood_with_key_updates(port));
        }
    }
    for (size_t i = 0; i < LOGINS; i++) {
        log_in(port, content, "nobody gets in beside a flood of key updates");
    }
    for (size_t i = 0; i < FLOODERS; i++) {
        int ended = 0;
        must(waitpid(flooders[i], &ended, 0) == flooders[i], "waitpid");
        must(WIFEXITED(ended) && WEXITSTATUS(ended) == 0,
             "a flood of key updates without a login is let go on");
    }
    (void)printf("ok a flood of TLS key updates ends, and others log in meanwhile\n");
}

void floods(uint16_t port, pid_t server, const struct keystore_content *content)
{
    half_open(port, content);
    key_updates(port, content);
    must(kill(server, 0) == 0, "the server is gone");
}
