/*
 * What people are told when something fails: one table of situations (what did not happen, what
 * was kept) and one of statuses (why, what to do next), with the pairs that deserve words of
 * their own. Words of machines ("NOT_FOUND") stand in --json alone.
 */
#pragma once

#include "proto/status.h"

/* The table of alcove(1), shared with alcoved(8). */
enum cli_exit {
    CLI_LEFT = -1, /* inside the program alone: the person left it as it was; ends as CLI_OK */
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_REFUSED = 3,
    CLI_UNREACHABLE = 4,
    CLI_ALARM = 5,
    CLI_LOCKED = 6,
    CLI_NOT_FOUND = 7,
};

enum situation {
    SAY_AGENT_BEGIN,
    SAY_AGENT_REACH,
    SAY_AGENT_HAND,
    SAY_CARD,
    SAY_CHART_MAKE,
    SAY_CODE_READ,
    SAY_CODE_WRITE,
    SAY_DELIVER,
    SAY_DELIVER_STATEMENT,
    SAY_DEVICE_ADD,
    SAY_DEVICE_CODE_READ,
    SAY_DIRECTORY_MAKE,
    SAY_DIRECTORY_SHARE,
    SAY_DROP,
    SAY_EDITOR,
    SAY_EXPORT,
    SAY_EXPORT_FOLDER,
    SAY_FOUND,
    SAY_GRANT,
    SAY_INVITE,
    SAY_JOIN,
    SAY_JOIN_PASSPHRASE,
    SAY_JOIN_PLACE,
    SAY_JOIN_STORE,
    SAY_JOURNAL_MAKE,
    SAY_JOURNAL_SHARE,
    SAY_LOG_EXPORT,
    SAY_LOG_READ,
    SAY_LOG_VERIFY,
    SAY_KEPT_DROP,
    SAY_KEPT_OPEN,
    SAY_NAME,
    SAY_NEW_PASSPHRASE,
    SAY_NOTE_READ,
    SAY_NOTE_WRITE,
    SAY_OPENED,
    SAY_PASSPHRASE,
    SAY_PICTURE,
    SAY_PROFILE_OPEN,
    SAY_RELATION,
    SAY_ROOT_OPEN,
    SAY_SEARCH,
    SAY_SECTION_MAKE,
    SAY_SECTION_READ,
    SAY_SEND,
    SAY_SERVER_SIGN,
    SAY_SHORT_CODE,
    SAY_STATEMENT,
    SAY_SYNC,
    SAY_TEXT_READ,
};

struct message {
    int code;         /* enum cli_exit */
    const char *what; /* part of a sentence */
    const char *why;  /* likewise */
    const char *kept; /* a sentence, or empty */
    const char *next; /* what to do: a sentence, or empty */
};

/* Texts live for ever. */
struct message message_of(enum situation situation, enum status status);
