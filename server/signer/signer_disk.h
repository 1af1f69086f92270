/*
 * The state file's bytes: slots of one fixed size, read and written in place.
 *
 * Nothing here judges. A write may reach the disk whole, in part or not at all until
 * signer_disk_sync has succeeded; signer_file.h builds on no more than that. The sandbox allows
 * these calls on the state file alone. One thread.
 */
#pragma once

#include "proto/status.h"

/* A slot is as large as the largest page and disk block in use, so that writing one leaves the
 * others alone. */
#define SIGNER_DISK_SLOT_BYTES 65536u
#define SIGNER_DISK_SLOTS      4u
#define SIGNER_DISK_BYTES      (SIGNER_DISK_SLOTS * SIGNER_DISK_SLOT_BYTES)

/* Exactly |size| bytes from the slot's start. STATUS_IO, also where the file ends before. */
MUST_CHECK enum status signer_disk_read(int fd, uint64_t slot, void *out, size_t size);
/* All of |bytes| at the slot's start. STATUS_FULL for a disk or quota without room; STATUS_IO. */
MUST_CHECK enum status signer_disk_write(int fd, uint64_t slot, struct span bytes);
/* On STATUS_OK all that was written survives a power cut. STATUS_FULL, STATUS_IO: nothing is
 * known, and a later success tells nothing of what was written before this call. */
MUST_CHECK enum status signer_disk_sync(int fd);
