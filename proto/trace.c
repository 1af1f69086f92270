#include "proto/trace.h"

#ifdef ALCOVE_TEST_HOOKS

#include "proto/message.h"
#include "proto/words.h"

#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

/* More than one connection may owe at a time; a server's thread has many of them. */
#define REQUESTS_KEPT  256u
#define LINE_CHARS_MAX 256u

/* What was asked lately on this thread, so that a reply's op can be told. */
static _Thread_local struct {
    uint8_t id[ID_BYTES];
    uint32_t op;
} trace_asked[REQUESTS_KEPT];
static _Thread_local size_t trace_next;

struct trace_line {
    char text[LINE_CHARS_MAX];
    size_t size;
};

/* What does not fit is left out: a line is never longer than one write may be whole. */
__attribute__((format(printf, 2, 3))) static void trace_add(struct trace_line *line,
                                                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size =
        vsnprintf(line->text + line->size, sizeof line->text - line->size, format, arguments);
    va_end(arguments);
    if (size > 0 && (size_t)size < sizeof line->text - line->size) {
        line->size += (size_t)size;
    }
}

/* The schema's name without its prefix. */
static void trace_add_name(struct trace_line *line, const ProtobufCEnumDescriptor *names,
                           uint32_t value)
{
    const ProtobufCEnumValue *found =
        value > INT32_MAX ? NULL : protobuf_c_enum_descriptor_get_value(names, (int)value);
    if (found == NULL) {
        trace_add(line, " ?%u", value);
    } else {
        trace_add(line, " %s", strchr(found->name, '_') + 1);
    }
}

static void trace_add_op(struct trace_line *line, struct span id)
{
    for (size_t i = 0; i < REQUESTS_KEPT; i++) {
        if (trace_asked[i].op != 0 && span_equal(id, span_of(trace_asked[i].id, ID_BYTES))) {
            trace_add_name(line, &alcove__op__descriptor, trace_asked[i].op);
            return;
        }
    }
    trace_add(line, " ?");
}

static void trace_keep(const Alcove__Frame *frame)
{
    if (frame->request_id.len == ID_BYTES) {
        memcpy(trace_asked[trace_next].id, frame->request_id.data, ID_BYTES);
        trace_asked[trace_next].op = frame->code;
        trace_next = (trace_next + 1) % REQUESTS_KEPT;
    }
}

static void trace_add_frame(struct trace_line *line, const Alcove__Frame *frame)
{
    struct span id = field_span(frame->request_id);
    trace_add_name(line, &alcove__frame_kind__descriptor, frame->kind);
    if (frame->kind == FRAME_REQUEST) {
        trace_keep(frame);
    }
    if (id.size > 0) {
        trace_add_op(line, id);
    }
    if (frame->kind == FRAME_REPLY || frame->kind == FRAME_LOGIN_REPLY) {
        trace_add(line, " %s", status_name((enum status)frame->code));
    } else if (frame->kind == FRAME_CHUNK) {
        trace_add(line, " %s", frame->code == 0 ? "WHOLE" : "MORE");
    }
    if (id.size > 0) {
        trace_add(line, " ");
    }
    for (size_t i = 0; i < id.size && i < ID_BYTES; i++) {
        trace_add(line, "%02x", id.data[i]);
    }
}

/* Opened for each line: threads then share nothing, and a line that is appended in one write
 * stays whole. */
static void trace_write(const char *where, const struct trace_line *line)
{
    bool to_error = strcmp(where, "1") == 0;
    int fd = to_error ? STDERR_FILENO
                      : open(where, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        ssize_t ignored = write(fd, line->text, line->size);
        (void)ignored;
    }
    if (fd >= 0 && !to_error) {
        (void)close(fd);
    }
}

void trace_frame(enum trace_way way, uint64_t connection, struct span bytes)
{
    const char *where = getenv("ALCOVE_TRACE");
    if (where == NULL || where[0] == '\0') {
        return;
    }
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc = {0};
    (void)gmtime_r(&now.tv_sec, &utc);
    struct trace_line line = {.size = 0};
    trace_add(&line, "%02d:%02d:%02d.%03ld %s %llu", utc.tm_hour, utc.tm_min, utc.tm_sec,
              now.tv_nsec / 1000000, way == TRACE_IN ? "in " : "out",
              (unsigned long long)connection);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    if (message_decode(&alcove__frame__descriptor, bytes, &arena, &message) == STATUS_OK) {
        const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
        trace_add_frame(&line, frame);
        trace_add(&line, " %zu bytes, body %zu\n", bytes.size, frame->body.len);
    } else {
        trace_add(&line, " no frame, %zu bytes\n", bytes.size);
    }
    arena_free(&arena);
    trace_write(where, &line);
}

#endif
