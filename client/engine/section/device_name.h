/*
 * What its owner calls a device, and whether they were told of it.
 *
 * Kept on this device alone, sealed, with what is being typed, and never sent to the server. A new
 * device is handed the names that the one knows which added it (client/engine/pair/handover.h). A
 * device that is kept here was told of: when it came by another way its owner is told once.
 */
#pragma once

#include "client/engine/common/storage.h"
#include "proto/ids.h"

#define DEVICE_NAME_BYTES_MAX 128u

/* |out_name| is terminated; empty: it has no name here. Whether the device is kept here. */
bool device_name_get(const struct storage *storage, const struct hash *statement,
                     char out_name[static DEVICE_NAME_BYTES_MAX]);
/* |name| may be empty: it was told of. STATUS_MALFORMED: no name to give; STATUS_IO, STATUS_FULL. */
MUST_CHECK enum status device_name_set(const struct storage *storage, const struct hash *statement,
                                       struct span name);
