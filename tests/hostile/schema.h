/*
 * Which bytes fields of alcove.proto hold messages themselves, so that a test can
 * reach inside: a statement in a chain entry, a context in a page entry.
 */
#pragma once

#include "proto/message.h"

/* What a field of a message holds: the sub-message's own type, or the type behind
 * a bytes field; NULL for a plain value. |statement_type| is the type of the
 * Statement that the field lies in, for Statement.body. */
const ProtobufCMessageDescriptor *schema_inside(const ProtobufCMessageDescriptor *message,
                                                uint32_t field, uint32_t statement_type);

/* The type of a server's frame body, by FrameKind and, for a reply, the request's
 * Op; NULL when there is none. */
const ProtobufCMessageDescriptor *schema_server_body(uint32_t kind, uint32_t op);

/* The same for what a client sends. */
const ProtobufCMessageDescriptor *schema_client_body(uint32_t kind, uint32_t op);
