#include "client/cli/handed.h"

#include "client/cli/files.h"
#include "client/cli/forward.h"
#include "client/cli/numbers.h"
#include "client/cli/secrets.h"
#include "client/engine/api/write.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define IN_BYTES_MAX 4096u
/* The number by which a passphrase that was asked for on the terminal is called. */
#define ASKED_NUMBER 1000u

/* Nameless memory; it is read once and gone with its last descriptor. */
static int memory_of(struct span bytes)
{
    int fd = memfd_create("alcove", MFD_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < bytes.size) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);

        if (n <= 0) {
            (void)close(fd);
            return -1;
        }
        done += (size_t)n;
    }
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

static const char **value_after(struct handed *handed, const char *name)
{
    for (int i = 1; i + 1 < handed->argc; i++) {
        if (strcmp(handed->argv[i], "--") == 0) {
            return NULL;
        }
        if (strcmp(handed->argv[i], name) == 0) {
            return (const char **)(uintptr_t)&handed->argv[i + 1];
        }
    }
    return NULL;
}

/* Before a "--", so that it counts as an option. */
static bool add_words(struct handed *handed, const char *first, const char *second)
{
    int extra = second == NULL ? 1 : 2;

    if (handed->argc + extra > (int)TALK_WORDS_MAX) {
        return false;
    }
    memmove(&handed->argv[1 + extra], &handed->argv[1],
            (size_t)(handed->argc - 1) * sizeof(handed->argv[0]));
    handed->argv[1] = (char *)(uintptr_t)first;
    if (second != NULL) {
        handed->argv[2] = (char *)(uintptr_t)second;
    }
    handed->argc += extra;
    return true;
}

static bool has_word(const struct handed *handed, const char *word)
{
    for (int i = 1; i < handed->argc; i++) {
        if (strcmp(handed->argv[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static int hand_in(struct cli *cli, struct handed *handed, struct span bytes)
{
    handed->in = memory_of(bytes);
    return handed->in >= 0 ? CLI_OK : cli_fail(cli, "the text was not handed over", STATUS_IO);
}

/* A note that is edited further in the editor: it begins with what the agent has of it, and the
 * words tell what that was. */
static int hand_edited(struct cli *cli, const char *note, struct handed *handed)
{
    static char links[WRITE_PARENTS_MAX]
                     [HEX_CHARS(HASH_BYTES) + 1]; /* outlive this call as words */
    int code = CLI_OK;
    cJSON *answer = forward_ask(cli, "before", note, &code);
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(answer, "text");
    const cJSON *after = cJSON_GetObjectItemCaseSensitive(answer, "after");
    int heads = cJSON_GetArraySize(after);

    if (code == CLI_OK && cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "locked"))) {
        code = cli_fail(cli, "the note was not written", STATUS_LOCKED);
    }
    if (code == CLI_OK) {
        const char *begin = cJSON_IsString(text) ? text->valuestring : "";

        code = note_text_edit(cli, span_of(begin, strlen(begin)),
                              !has_word(handed, "--draft") && heads < 2, &handed->text);
    }
    for (int i = 0; code == CLI_OK && i < heads && i < (int)WRITE_PARENTS_MAX; i++) {
        const cJSON *link = cJSON_GetArrayItem(after, i);

        (void)snprintf(links[i], sizeof(links[i]), "%s",
                       cJSON_IsString(link) ? link->valuestring : "");
        if (!add_words(handed, "--after", links[i])) {
            code = cli_usage(cli, handed->argv[0], "too many words");
        }
    }
    if (cJSON_IsString(text)) {
        wipe(text->valuestring, strlen(text->valuestring));
    }
    cJSON_Delete(answer);
    return code;
}

static bool is_edited(const struct handed *handed)
{
    return strcmp(handed->argv[0], "write") == 0 && !has_word(handed, "--addendum") &&
           !has_word(handed, "--correction") && !has_word(handed, "--late-entry");
}

static int hand_text(struct cli *cli, const struct cli_command *command, struct handed *handed)
{
    const char **file = value_after(handed, "--file");
    const char **template = value_after(handed, "--template");
    const char **title = value_after(handed, "--title");
    const char **note = value_after(handed, "--note");
    int code;

    if (file == NULL && note != NULL && is_edited(handed)) {
        code = hand_edited(cli, *note, handed);
    } else {
        code = note_text_take(cli, file == NULL ? NULL : *file, template == NULL ? NULL : *template,
                              &handed->text);
    }

    if (code == CLI_OK && (command->flags & CLI_PREVIEWS) != 0) {
        code = note_text_preview(cli, title == NULL ? NULL : *title, &handed->text,
                                 has_word(handed, "--yes"));
    }
    if (code != CLI_OK) {
        return code;
    }
    if (file != NULL) {
        *file = "-";
    } else if (!add_words(handed, "--file", "-")) {
        return cli_usage(cli, command->name, "too many words");
    }
    return hand_in(cli, handed, span_of(handed->text.bytes, handed->text.size));
}

static int hand_stdin(struct cli *cli, struct handed *handed)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = files_read("-", cli->in, IN_BYTES_MAX, &bytes, &size);
    int code = status == STATUS_OK ? hand_in(cli, handed, span_of(bytes, size))
                                   : cli_fail(cli, "standard input was not read", status);

    free(bytes);
    return code;
}

/* Through a pipe: what is in one is never swapped out. */
static int hand_secret(struct cli *cli, struct handed *handed, uint32_t number,
                       const struct secret *secret)
{
    struct span bytes = secret_view(secret);
    int ends[2] = {-1, -1};

    if (handed->fd_count == TALK_FDS_MAX || pipe2(ends, O_CLOEXEC) != 0) {
        return cli_fail(cli, "the passphrase was not handed over", STATUS_IO);
    }
    handed->fds[handed->fd_count++] = (struct talk_fd){number, ends[0]};
    if (write(ends[1], bytes.data, bytes.size) != (ssize_t)bytes.size) {
        (void)close(ends[1]);
        return cli_fail(cli, "the passphrase was not handed over", STATUS_IO);
    }
    (void)close(ends[1]);
    return CLI_OK;
}

static int hand_root(struct cli *cli, struct handed *handed)
{
    const char **number = value_after(handed, "--root-passphrase-fd");
    struct secret *secret = NULL;
    int fd = -1;
    enum status status;
    int code;

    if (number != NULL && !numbers_fd(*number, &fd)) {
        return cli_usage(cli, handed->argv[0], *number);
    }
    if (number == NULL && !add_words(handed, "--root-passphrase-fd", "1000")) {
        return cli_usage(cli, handed->argv[0], "too many words");
    }
    status = secrets_get(fd, "Passphrase of the root key", &secret);
    code = status == STATUS_OK
               ? hand_secret(cli, handed, fd < 0 ? ASKED_NUMBER : (uint32_t)fd, secret)
               : cli_fail(cli, "the root key's passphrase was not read", status);
    secret_free(secret);
    return code;
}

int handed_make(struct cli *cli, const struct cli_command *command, int argc, char **argv,
                struct handed *out_handed)
{
    struct handed *handed = out_handed;
    int code = CLI_OK;

    memset(handed, 0, sizeof(*handed));
    handed->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    handed->in = -1;
    if (argc > (int)TALK_WORDS_MAX) {
        return cli_usage(cli, command->name, "too many words");
    }
    handed->argc = argc;
    memcpy(handed->argv, argv, (size_t)argc * sizeof(argv[0]));
    if ((command->flags & CLI_TAKES_TEXT) != 0) {
        code = hand_text(cli, command, handed);
    } else if (has_word(handed, "-")) {
        code = hand_stdin(cli, handed);
    }
    if (code == CLI_OK && value_after(handed, "--root") != NULL) {
        code = hand_root(cli, handed);
    }
    return code;
}

void handed_end(struct cli *cli, struct handed *handed, int code)
{
    note_text_end(cli, &handed->text, code);
    if (handed->cwd >= 0) {
        (void)close(handed->cwd);
    }
    if (handed->in >= 0) {
        (void)close(handed->in);
    }
    for (size_t i = 0; i < handed->fd_count; i++) {
        (void)close(handed->fds[i].fd);
    }
    handed->fd_count = 0;
}
