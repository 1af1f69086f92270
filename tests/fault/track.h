/*
 * Which open descriptors belong to the watched data directory. A table indexed
 * by descriptor, filled by the calls that make one and cleared by close, so
 * that no look-up needs a system call. Any thread.
 */
#pragma once

#include <stdint.h>

enum {
    TRACK_FILE = 1,
    TRACK_FOLDER = 2,
    TRACK_DSYNC = 4, /* every write is a sync of its own bytes */
    TRACK_APPEND = 8,
};

struct track_file {
    uint64_t id; /* inode number: two descriptors of one file share it */
    unsigned flags;
};

/* Reads the environment once; false when nothing is to be watched. */
int track_start(void);

/* Looks at a fresh descriptor; remembers and journals it when it is watched. */
void track_opened(int fd, int open_flags, int created);

void track_copied(int from, int to);
void track_closed(int fd);

/* False when the descriptor is none of ours. */
int track_find(int fd, struct track_file *out);

/* The watched path of (folder descriptor, path), relative to the data directory;
 * false when it lies outside. `out` holds 4096 bytes. */
int track_path(int folder, const char *path, char *out);

/* The same for an absolute path. */
int track_relative(const char *absolute, char *out);
