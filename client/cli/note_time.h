/*
 * When a note was written, for people: the author's clock says one time, which nobody checks, and
 * the server's log proves another. They are told apart wherever they differ.
 */
#pragma once

#include "client/engine/api/view.h"

struct cli;

/* No clock that is right says a time outside of these: 2020-01-01 and 2120-01-01. */
#define NOTE_TIME_FIRST_MS 1577836800000u
#define NOTE_TIME_END_MS   4733510400000u
/* Two clocks that differ by less agree: a note is also some time on its way. */
#define NOTE_TIME_APART_MS (10u * 60u * 1000u)

/* False for 0 and for what no clock can have meant. */
bool note_time_sensible(uint64_t time_ms);
/* Whether |written_ms| alone would mislead. |server_ms| 0: not on the server yet. */
bool note_time_differs(uint64_t written_ms, uint64_t server_ms);
/* "2026-11-29 09:02", or, where the two differ, "written 2026-10-30 06:13 by the author's clock; on
 * the server since 2026-11-29 09:02". */
void note_time_print(struct cli *cli, uint64_t written_ms, uint64_t server_ms);
/* What a note says of itself when it is written by this machine's clock: 0 for a time that is not
 * sensible. */
uint64_t note_time_of_clock(uint64_t now_ms);
