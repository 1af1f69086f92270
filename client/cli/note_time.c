#include "client/cli/note_time.h"

#include "client/cli/print.h"

bool note_time_sensible(uint64_t time_ms)
{
    return time_ms >= NOTE_TIME_FIRST_MS && time_ms < NOTE_TIME_END_MS;
}

bool note_time_differs(uint64_t written_ms, uint64_t server_ms)
{
    if (server_ms == 0) {
        return false;
    }
    uint64_t apart = written_ms > server_ms ? written_ms - server_ms : server_ms - written_ms;
    return apart > NOTE_TIME_APART_MS;
}

void note_time_print(struct cli *cli, uint64_t written_ms, uint64_t server_ms)
{
    bool apart = note_time_differs(written_ms, server_ms);
    if (apart) {
        (void)fputs("written ", cli->out);
    }
    if (note_time_sensible(written_ms)) {
        print_time(cli, written_ms);
    } else {
        (void)fputs("at no sensible time", cli->out);
    }
    if (apart) {
        (void)fputs(" by the author's clock; on the server since ", cli->out);
        print_time(cli, server_ms);
    }
}

uint64_t note_time_of_clock(uint64_t now_ms)
{
    return note_time_sensible(now_ms) ? now_ms : 0;
}
