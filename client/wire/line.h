/*
 * Inside client/wire: the line, a thread of its own on which the websocket library
 * connects, receives and sends, so that receiving goes on while the caller works on the
 * messages before. It takes its orders from the post and leaves the news there;
 * all that is libwebsockets happens here and in socket.c.
 *
 * The thread blocks every signal: they are for the caller's threads.
 */
#pragma once

#include "client/wire/post.h"

struct line;

/* post must outlive the line. STATUS_NO_MEMORY, STATUS_IO: no thread came about. */
MUST_CHECK enum status line_new(const struct wire_options *options, struct post *post,
                                struct line **out_line);
/* To be called after post_stop. Waits until the thread is gone: a name look-up that is under
 * way has to end first. An open connection is closed without a goodbye. NULL is allowed. */
void line_free(struct line *line);

/* Wakes the line, for which there are orders. The caller's thread. To be called only when
 * post_tell says so, since it is a system call. */
void line_wake(struct line *line);
