/* Something to look at for gdb_test.sh. */
#include "proto/message.h"
#include "proto/words.h"

static void __attribute__((noinline)) stop_here(const void *shown)
{
    __asm__ volatile("" ::"r"(shown) : "memory");
}

int main(void)
{
    static uint8_t letters[] = {'a', 'b', 'c'};
    static const struct {
        struct request_id id;
        struct hash none;
        struct span text;
        struct span bytes;
        struct span nothing;
        ProtobufCBinaryData field;
        enum status status;
        uint32_t op;
        enum statement_type type;
    } sample = {.id = {{0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
                .text = {(const uint8_t *)"a short text that is longer than shown", 38},
                .bytes = {(const uint8_t *)"\x00\xff", 2},
                .nothing = {NULL, 0},
                .field = {sizeof letters, letters},
                .status = STATUS_NEEDS_EPOCH,
                .op = OP_EVENT_LEAVES,
                .type = STATEMENT_BAD_SEAL};
    /* Named here, so that the debugger knows these enums. */
    enum op op = (enum op)sample.op;
    stop_here(&sample);
    return op == OP_EVENT_LEAVES ? 0 : 1;
}
