/*
 * alcove-signer: holds the log key and signs checkpoints that extend what it signed before.
 */
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/random.h"
#include "keys/public/log/origin.h"
#include "server/signer/signer_file.h"
#include "server/signer/signer_sandbox.h"
#include "server/signer/signer_serve.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAULT = 1,
    EXIT_USAGE = 2,
};

static const char HELP[] =
    "alcove-signer: signs the two logs of a practice, and only what extends them.\n"
    "\n"
    "  alcove-signer --init DIR                     make a key, print its public half\n"
    "  alcove-signer --public DIR                   print the public half\n"
    "  alcove-signer --vkey DIR --practice HEX      print the key of each log for verifiers\n"
    "  alcove-signer --serve DIR --practice HEX --fd N\n"
    "                                               serve the socket it was started with, and\n"
    "                                               DIR/socket for `alcoved backup`; end when\n"
    "                                               the first closes\n"
    "  alcove-signer --serve DIR --practice HEX --socket PATH --peer-uid UID\n"
    "                                               listen, for a server of that user\n"
    "  alcove-signer --help\n"
    "\n"
    "DIR belongs to the signer alone: log.key and state, the last sizes it signed. Never copy\n"
    "an old state back: that is how two histories could come to be signed.\n"
    "\n"
    "Exit: 0 done, 1 could not, 2 wrong arguments.\n";

enum command {
    COMMAND_NONE,
    COMMAND_INIT,
    COMMAND_PUBLIC,
    COMMAND_VKEY,
    COMMAND_SERVE,
    COMMAND_HELP,
};

struct options {
    enum command command;
    const char *folder;
    const char *socket_path;
    bool has_practice;
    struct practice_id practice;
    int64_t fd; /* -1: not given; as is the next */
    int64_t peer_uid;
};

static int complain(const char *what, enum status status)
{
    (void)fprintf(stderr, "alcove-signer: %s: %s\n", what, status_reason(status));
    return EXIT_FAULT;
}

static bool number_of(const char *text, int64_t *out_number)
{
    errno = 0;
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0 || value > INT_MAX) {
        return false;
    }
    *out_number = value;
    return true;
}

static bool take_option(int letter, const char *value, struct options *options)
{
    switch (letter) {
    case 'i':
    case 'p':
    case 'v':
    case 's':
        if (options->command != COMMAND_NONE) {
            return false;
        }
        options->command = letter == 'i'   ? COMMAND_INIT
                           : letter == 'p' ? COMMAND_PUBLIC
                           : letter == 'v' ? COMMAND_VKEY
                                           : COMMAND_SERVE;
        options->folder = value;
        return true;
    case 'P':
        options->has_practice = hex_decode(span_of(value, strlen(value)), options->practice.bytes,
                                           HASH_BYTES) == STATUS_OK;
        return options->has_practice;
    case 'f':
        return number_of(value, &options->fd);
    case 'S':
        options->socket_path = value;
        return true;
    case 'u':
        return number_of(value, &options->peer_uid);
    case 'h':
        options->command = COMMAND_HELP;
        return true;
    default:
        return false;
    }
}

static bool parse(int argc, char **argv, struct options *out_options)
{
    static const struct option known[] = {
        {"init", required_argument, NULL, 'i'},     {"public", required_argument, NULL, 'p'},
        {"vkey", required_argument, NULL, 'v'},     {"serve", required_argument, NULL, 's'},
        {"practice", required_argument, NULL, 'P'}, {"fd", required_argument, NULL, 'f'},
        {"socket", required_argument, NULL, 'S'},   {"peer-uid", required_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    *out_options = (struct options){.fd = -1, .peer_uid = -1};
    int letter;
    while ((letter = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (!take_option(letter, optarg, out_options)) {
            return false;
        }
    }
    if (optind != argc || out_options->command == COMMAND_NONE) {
        return false;
    }
    if (out_options->command == COMMAND_VKEY || out_options->command == COMMAND_SERVE) {
        if (!out_options->has_practice) {
            return false;
        }
    }
    return out_options->command != COMMAND_SERVE ||
           (out_options->fd >= 0) != (out_options->socket_path != NULL);
}

static int print_public(const struct public_key *key)
{
    char text[HEX_CHARS(PUBLIC_KEY_BYTES) + 1u];
    hex_encode(ID_SPAN(key), text);
    (void)printf("%s\n", text);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAULT;
}

static int command_init(const struct options *options)
{
    struct public_key public_key;
    enum status status = signer_file_init(options->folder, &public_key);
    return status == STATUS_OK ? print_public(&public_key) : complain("cannot make a key", status);
}

static int print_vkeys(const struct practice_id *practice, const struct public_key *key)
{
    char vkey[NOTE_KEY_VKEY_BYTES_MAX + 1u];
    char origin[ORIGIN_CHARS_MAX];
    struct note_key note_key;
    for (int log = ORIGIN_STATEMENTS; log <= ORIGIN_EVENTS; log++) {
        origin_format(practice, (enum origin_log)log, origin);
        enum status status =
            note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519, key, &note_key);
        if (status != STATUS_OK) {
            return complain("cannot name the key", status);
        }
        note_key_format(&note_key, vkey);
        (void)printf("%s\n", vkey);
    }
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_FAULT;
}

static int command_print(const struct options *options)
{
    struct log_key *key = NULL;
    enum status status = signer_file_key(options->folder, &key);
    if (status != STATUS_OK) {
        return complain("cannot open the key", status);
    }
    struct public_key public_key;
    log_key_public(key, &public_key);
    log_key_close(key);
    return options->command == COMMAND_PUBLIC ? print_public(&public_key)
                                              : print_vkeys(&options->practice, &public_key);
}

/* A listening socket at |path|, replacing one that was left there. -1 on failure. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1u);
    struct stat info;
    if (lstat(path, &info) == 0 && S_ISSOCK(info.st_mode)) {
        (void)unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    /* Who may ask is decided by the peer's user id, not by the file's mode. */
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, 0666) != 0 || listen(fd, SIGNER_PEERS_MAX) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Why the state cannot be used, and what may be done; never that it may be made anew. */
static int complain_state(const char *folder, enum status status)
{
    static const struct {
        enum status status;
        const char *text;
    } known[] = {
        {STATUS_NOT_FOUND,
         "is missing: it remembers what was signed.\nNothing is signed without it, for that could "
         "be a second history. Key and database are as they were.\nPut that very file back from "
         "where it was moved to; never an older copy."},
        {STATUS_CORRUPT,
         "is damaged or was cut: what was signed is not known.\nNothing is signed without it, for "
         "that could be a second history. Key and database are as they were.\nHave the disk "
         "checked: neither a power cut nor a full disk leaves the file so."},
        {STATUS_UNSUPPORTED,
         "was written by another version of Alcove. It was left as it is.\nServe this practice "
         "with that version, or set up a new practice."},
        {STATUS_REFUSED, "belongs to another user, or others may read or write it.\nGive it to the "
                         "signer's user, with mode 0600."},
        {STATUS_FULL, "cannot be written: its disk is full.\nNothing is signed that could not be "
                      "remembered. Make room and start again."},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].status == status) {
            (void)fprintf(stderr, "alcove-signer: %s/" SIGNER_FILE_STATE " %s\n", folder,
                          known[i].text);
            return EXIT_FAULT;
        }
    }
    return complain(folder, status);
}

/* In its own folder, by its descriptor: a socket's path has at most 107 bytes. Without this socket
 * the server is served all the same, and `alcoved backup` finds no signer and says so. */
static int listen_inside(const struct signer_file *file)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d/" SIGNER_FILE_SOCKET, file->folder_fd);
    return listen_at(path);
}

static int serve_file(const struct options *options, const struct log_key *key,
                      struct signer_file *file)
{
    static struct signer_serve serve;
    serve = (struct signer_serve){.key = key,
                                  .file = file,
                                  .peer_fd = (int)options->fd,
                                  .listen_fd = -1,
                                  .peer_uid = options->peer_uid >= 0 ? options->peer_uid
                                                                     : (int64_t)geteuid()};
    serve.listen_fd =
        options->socket_path != NULL ? listen_at(options->socket_path) : listen_inside(file);
    if (serve.listen_fd < 0 && options->socket_path != NULL) {
        return complain(options->socket_path, STATUS_IO);
    }
    enum status status = signer_serve_prepare();
    if (status == STATUS_OK) {
        status = signer_sandbox_enter(file->state_fd);
    }
    if (status != STATUS_OK) {
        return complain("cannot start", status);
    }
    status = signer_serve_run(&serve);
    return status == STATUS_OK ? EXIT_OK : complain("cannot serve", status);
}

static int serve(const struct options *options, const struct log_key *key)
{
    struct signer_file file;
    enum status status = signer_file_open(options->folder, &options->practice, &file);
    if (status != STATUS_OK) {
        return complain_state(options->folder, status);
    }
    int code = serve_file(options, key, &file);
    signer_file_close(&file);
    return code;
}

static int command_serve(const struct options *options)
{
    struct log_key *key = NULL;
    enum status status = signer_file_key(options->folder, &key);
    if (status != STATUS_OK) {
        return complain("cannot open the key", status);
    }
    int code = serve(options, key);
    log_key_close(key);
    return code;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!parse(argc, argv, &options)) {
        (void)fprintf(stderr, "alcove-signer: wrong arguments; see alcove-signer --help\n");
        return EXIT_USAGE;
    }
    if (options.command == COMMAND_HELP) {
        (void)fputs(HELP, stdout);
        return EXIT_OK;
    }
    if (random_init() != STATUS_OK || signer_sandbox_begin() != STATUS_OK) {
        return complain("cannot start", STATUS_UNAVAILABLE);
    }
    if (options.command == COMMAND_INIT) {
        return command_init(&options);
    }
    return options.command == COMMAND_SERVE ? command_serve(&options) : command_print(&options);
}
