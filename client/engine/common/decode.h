/*
 * Decoding the messages that the engine takes in, each as its own type: message_decode() with the
 * descriptor that belongs to the pointer. Statuses and the arena are as there; *|out| is set only
 * on STATUS_OK and lives in |arena|. Internal to the engine.
 */
#pragma once

#include "proto/message.h"

MUST_CHECK enum status decode_frame(struct span bytes, struct arena *arena,
                                    const Alcove__Frame **out);
MUST_CHECK enum status decode_hello(struct span bytes, struct arena *arena,
                                    const Alcove__Hello **out);
MUST_CHECK enum status decode_login_reply(struct span bytes, struct arena *arena,
                                          const Alcove__LoginReply **out);
MUST_CHECK enum status decode_push(struct span bytes, struct arena *arena,
                                   const Alcove__Push **out);
MUST_CHECK enum status decode_page_chunk(struct span bytes, struct arena *arena,
                                         const Alcove__PageChunk **out);
MUST_CHECK enum status decode_submit_ask(struct span bytes, struct arena *arena,
                                         const Alcove__SubmitAsk **out);
MUST_CHECK enum status decode_submit_reply(struct span bytes, struct arena *arena,
                                           const Alcove__SubmitReply **out);
MUST_CHECK enum status decode_opened_reply(struct span bytes, struct arena *arena,
                                           const Alcove__OpenedReply **out);
MUST_CHECK enum status decode_bundle(struct span bytes, struct arena *arena,
                                     const Alcove__Bundle **out);
MUST_CHECK enum status decode_bundle_reply(struct span bytes, struct arena *arena,
                                           const Alcove__BundleReply **out);
MUST_CHECK enum status decode_meet_reply(struct span bytes, struct arena *arena,
                                         const Alcove__MeetReply **out);
MUST_CHECK enum status decode_device(struct span bytes, struct arena *arena,
                                     const Alcove__Device **out);
MUST_CHECK enum status decode_event_open(struct span bytes, struct arena *arena,
                                         const Alcove__EventOpen **out);
MUST_CHECK enum status decode_event_target(struct span bytes, struct arena *arena,
                                           const Alcove__EventTarget **out);
MUST_CHECK enum status decode_event_restricted(struct span bytes, struct arena *arena,
                                               const Alcove__EventRestricted **out);
