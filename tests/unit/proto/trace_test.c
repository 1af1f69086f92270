/* The frame trace: a line a frame, by names, with nothing of a body. */
#include "proto/message.h"
#include "proto/trace.h"
#include "proto/words.h"
#include "tests/support/test.h"

#include <unistd.h>

static char path[] = "/tmp/trace_test.XXXXXX";
static char text[8192];

static void send_one(enum trace_way way, uint32_t kind, uint32_t code, char id, const char *body)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    uint8_t id_bytes[ID_BYTES];
    memset(id_bytes, id, sizeof id_bytes);
    frame.kind = kind;
    frame.code = code;
    frame.request_id = field_of(id_bytes, id == 0 ? 0 : sizeof id_bytes);
    frame.body = field_of(body, strlen(body));
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(message_pack(&frame.base, &bytes, &size), STATUS_OK);
    trace_frame(way, 65, span_of(bytes, size));
    free(bytes);
}

static const char *traced(void)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

/* The line that starts there, without its time. */
static const char *expect(const char *at, const char *line)
{
    unsigned hour = 0;
    unsigned minute = 0;
    unsigned second = 0;
    unsigned ms = 0;
    int read = 0;
    assert_int_equal(sscanf(at, "%2u:%2u:%2u.%3u %n", &hour, &minute, &second, &ms, &read), 4);
    assert_int_equal(read, 13);
    assert_memory_equal(at + read, line, strlen(line));
    return at + read + strlen(line);
}

/* Goal: every kind of frame is told by name, a reply by the op of its request, and no byte of a
 * body shows. Method: one of each, an unknown number, and bytes that are no frame. */
static void test_lines_name_what_goes_by(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    send_one(TRACE_IN, FRAME_REQUEST, OP_STATE, 'a', "SECRET");
    assert_string_equal(traced(), ""); /* the variable is not set */
    assert_int_equal(setenv("ALCOVE_TRACE", path, 1), 0);
    send_one(TRACE_OUT, FRAME_HELLO, 0, 0, "SECRET");
    send_one(TRACE_IN, FRAME_REQUEST, OP_PAGE, 'a', "SECRET");
    send_one(TRACE_OUT, FRAME_REPLY, STATUS_OK, 'a', "SECRET");
    send_one(TRACE_OUT, FRAME_CHUNK, 1, 'a', "SECRET");
    send_one(TRACE_OUT, FRAME_CHUNK, 0, 'a', "SECRET");
    send_one(TRACE_OUT, FRAME_REPLY, STATUS_REFUSED, 'b', "");
    send_one(TRACE_IN, FRAME_REQUEST, 4000000000u, 'c', "");
    trace_frame(TRACE_IN, 7, span_of("SECRET", 6));
    assert_int_equal(unsetenv("ALCOVE_TRACE"), 0);
    const char *at = traced();
    assert_null(strstr(at, "SECRET"));
#ifdef ALCOVE_TEST_HOOKS
    at = expect(at, "out 65 HELLO 10 bytes, body 6\n");
    at = expect(at, "in  65 REQUEST PAGE 61616161616161616161616161616161 30 bytes, body 6\n");
    at = expect(at, "out 65 REPLY PAGE OK 61616161616161616161616161616161 28 bytes, body 6\n");
    at = expect(at, "out 65 CHUNK PAGE MORE 61616161616161616161616161616161 30 bytes, body 6\n");
    at = expect(at, "out 65 CHUNK PAGE WHOLE 61616161616161616161616161616161 28 bytes, body 6\n");
    at = expect(at, "out 65 REPLY ? REFUSED 62626262626262626262626262626262 22 bytes, body 0\n");
    at = expect(at, "in  65 REQUEST ?4000000000 63636363636363636363636363636363 "
                    "26 bytes, body 0\n");
    at = expect(at, "in  7 no frame, 6 bytes\n");
#else
    (void)expect;
#endif
    assert_string_equal(at, "");
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines_name_what_goes_by)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
