#include "server/run/signer_link.h"

#include "keys/public/bytes/disk.h"
#include "keys/public/log/origin.h"
#include "server/store/ledger.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096u
/* Sizes told by the signer may be older than ours once, after it was restarted. */
#define ATTEMPTS_MAX   2

struct signer_link {
    struct practice_id practice;
    char where[PATH_BYTES_MAX];     /* its socket; "": |starter| has it */
    struct signer_starter *starter; /* borrowed */
    uint32_t timeout_ms;
    int fd; /* -1: not connected */
    uint64_t sizes[SIGNER_LOGS];
    struct signer_request request;
    struct signer_reply reply;
    uint8_t buffer[SIGNER_LENGTH_BYTES + SIGNER_REQUEST_BYTES_MAX];
};

_Static_assert(SIGNER_REPLY_BYTES_MAX <= SIGNER_REQUEST_BYTES_MAX, "one buffer for both");

/* Starting and ending ------------------------------------------------------------------- */

static bool copy_text(char out[PATH_BYTES_MAX], const char *text)
{
    size_t size = strnlen(text, PATH_BYTES_MAX);
    if (size == 0 || size == PATH_BYTES_MAX) {
        return false;
    }
    memcpy(out, text, size + 1);
    return true;
}

static bool set_timeout(int fd, uint32_t timeout_ms)
{
    const struct timeval limit = {.tv_sec = timeout_ms / 1000,
                                  .tv_usec = (suseconds_t)(timeout_ms % 1000) * 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0;
}

static bool join(struct signer_link *link)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(link->where) >= sizeof address.sun_path) {
        return false;
    }
    memcpy(address.sun_path, link->where, strlen(link->where) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return false;
    }
    link->fd = fd;
    return true;
}

static void hang_up(struct signer_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
        link->fd = -1;
    }
    if (link->starter != NULL) {
        signer_starter_end(link->starter);
    }
}

static enum status ensure_connected(struct signer_link *link)
{
    if (link->fd >= 0) {
        return STATUS_OK;
    }
    bool there = link->starter == NULL
                     ? join(link)
                     : signer_starter_start(link->starter, &link->practice, &link->fd) == STATUS_OK;
    if (there && set_timeout(link->fd, link->timeout_ms)) {
        return STATUS_OK;
    }
    hang_up(link);
    return STATUS_UNAVAILABLE;
}

enum status signer_link_open(const struct signer_link_options *options,
                             const struct practice_id *practice, struct signer_link **out_link)
{
    struct signer_link *link = calloc(1, sizeof *link);
    if (link == NULL) {
        return STATUS_NO_MEMORY;
    }
    link->practice = *practice;
    link->request.practice = *practice;
    link->fd = -1;
    link->timeout_ms = options->timeout_ms == 0 ? SIGNER_LINK_TIMEOUT_MS : options->timeout_ms;
    link->starter = options->starter;
    bool named = options->starter != NULL || copy_text(link->where, options->socket_path);
    enum status status = named ? ensure_connected(link) : STATUS_USAGE;
    if (status != STATUS_OK) {
        signer_link_close(link);
        return status;
    }
    *out_link = link;
    return STATUS_OK;
}

bool signer_link_lost(const struct signer_link *link)
{
    return link->starter != NULL && signer_starter_lost(link->starter);
}

void signer_link_close(struct signer_link *link)
{
    if (link == NULL) {
        return;
    }
    hang_up(link);
    free(link);
}

/* Asking -------------------------------------------------------------------------------- */

/* One question and its answer in link->reply. A link that failed is closed: an answer that
 * comes late must not be taken for the next one's. */
static enum status exchange(struct signer_link *link)
{
    uint8_t *length = link->buffer;
    uint8_t *body = link->buffer + SIGNER_LENGTH_BYTES;
    enum status status = ensure_connected(link);
    if (status != STATUS_OK) {
        return status;
    }
    size_t size = 0;
    CHECK(signer_protocol_put_request(&link->request, body, SIGNER_REQUEST_BYTES_MAX, &size) ==
          STATUS_OK);
    signer_protocol_put_length(length, size);
    if (disk_send(link->fd, span_of(link->buffer, SIGNER_LENGTH_BYTES + size)) == STATUS_OK &&
        disk_receive(link->fd, length, SIGNER_LENGTH_BYTES) == STATUS_OK) {
        size = signer_protocol_length(length);
        if (size <= SIGNER_REPLY_BYTES_MAX && disk_receive(link->fd, body, size) == STATUS_OK &&
            signer_protocol_get_reply(span_of(body, size), &link->reply) == STATUS_OK) {
            return STATUS_OK;
        }
    }
    hang_up(link);
    return STATUS_UNAVAILABLE;
}

static enum ledger_log ledger_of(size_t log)
{
    return log == ORIGIN_EVENTS ? LEDGER_EVENTS : LEDGER_STATEMENTS;
}

/* Sizes, roots and proofs from what the signer had last. */
static enum status make_request(struct signer_link *link, struct txn *txn)
{
    link->request.kind = SIGNER_KIND_SIGN;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < SIGNER_LOGS; i++) {
        struct signer_request_log *log = &link->request.logs[i];
        log->old_size = link->sizes[i];
        log->new_size = ledger_size(txn, ledger_of(i));
        log->proof.count = 0;
        status = ledger_root(txn, ledger_of(i), log->new_size, &log->root);
        if (status == STATUS_OK && log->old_size < log->new_size) {
            status =
                ledger_consistency(txn, ledger_of(i), log->old_size, log->new_size, &log->proof);
        }
    }
    return status;
}

/* The notes must be about what was asked; whether they are signed is for clients to check. */
static enum status take_notes(const struct signer_link *link, struct signer_link_notes *out_notes)
{
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        const struct signer_note *note = &link->reply.logs[i];
        struct checkpoint *checkpoint = &out_notes->checkpoints[i];
        memset(checkpoint, 0, sizeof *checkpoint);
        origin_format(&link->practice, (enum origin_log)i, checkpoint->origin);
        checkpoint->size = link->request.logs[i].new_size;
        checkpoint->root = link->request.logs[i].root;
        char text[CHECKPOINT_TEXT_BYTES_MAX];
        size_t size = 0;
        if (checkpoint_format(checkpoint, text, &size) != STATUS_OK || note->note_size <= size ||
            memcmp(note->note, text, size) != 0) {
            return STATUS_UNAVAILABLE;
        }
        memcpy(out_notes->notes[i], note->note, note->note_size);
        out_notes->note_sizes[i] = note->note_size;
    }
    return STATUS_OK;
}

enum status signer_link_checkpoint(struct signer_link *link, struct txn *txn,
                                   struct signer_link_notes *out_notes)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        enum status status = make_request(link, txn);
        if (status == STATUS_OK) {
            status = exchange(link);
        }
        if (status != STATUS_OK) {
            return status;
        }
        for (size_t i = 0; i < SIGNER_LOGS; i++) {
            link->sizes[i] = link->reply.logs[i].size;
        }
        switch (link->reply.answer) {
        case SIGNER_SIGNED:
            return take_notes(link, out_notes);
        case SIGNER_OTHER_SIZE:
            break; /* again, from the size it told */
        case SIGNER_REWOUND:
            return STATUS_REWOUND;
        case SIGNER_INCONSISTENT:
            return STATUS_EQUIVOCATION;
        case SIGNER_FULL:
            return STATUS_FULL;
        case SIGNER_CANNOT_SAVE:
        case SIGNER_BAD_REQUEST:
            return STATUS_UNAVAILABLE;
        }
    }
    return STATUS_UNAVAILABLE;
}

/* Aside from the logs ------------------------------------------------------------------- */

static enum status ask_aside(struct signer_link *link, enum signer_kind kind)
{
    link->request.kind = kind;
    enum status status = exchange(link);
    return status == STATUS_OK && link->reply.answer != SIGNER_SIGNED ? STATUS_UNAVAILABLE : status;
}

enum status signer_link_last(struct signer_link *link, const struct public_key *log_key,
                             struct signer_link_notes *out_notes)
{
    enum status status = ask_aside(link, SIGNER_KIND_LAST);
    for (size_t i = 0; i < SIGNER_LOGS && status == STATUS_OK; i++) {
        const struct signer_note *note = &link->reply.logs[i];
        status =
            checkpoint_open_log(&link->practice, (enum origin_log)i, log_key,
                                span_of(note->note, note->note_size), &out_notes->checkpoints[i]);
        memcpy(out_notes->notes[i], note->note, note->note_size);
        out_notes->note_sizes[i] = note->note_size;
    }
    return status;
}

enum status signer_link_backup(struct signer_link *link, const struct hash *manifest,
                               struct signature *out_signature)
{
    link->request.manifest = *manifest;
    enum status status = ask_aside(link, SIGNER_KIND_BACKUP);
    if (status == STATUS_OK && !link->reply.has_signature) {
        status = STATUS_UNAVAILABLE;
    }
    if (status == STATUS_OK) {
        *out_signature = link->reply.signature;
    }
    return status;
}
