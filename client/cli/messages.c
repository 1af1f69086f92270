#include "client/cli/messages.h"

/* What did not happen, and what is as it was. */
static const struct {
    const char *what;
    const char *kept;
} SITUATIONS[] = {
    [SAY_AGENT_BEGIN] = {"the agent did not start", "Nothing is unlocked."},
    [SAY_AGENT_HAND] = {"the command was not handed to the agent", "Nothing was done."},
    [SAY_AGENT_REACH] = {"the agent was not reached", "It may still hold the keys."},
    [SAY_CARD] = {"the recovery card was not written",
                  "Nobody joined; the invitation can still be used."},
    [SAY_CHART_MAKE] = {"the chart was not made", "Nothing was changed."},
    [SAY_CODE_READ] = {"the code was not read", "Nothing was done with it."},
    [SAY_CODE_WRITE] = {"the invitation's code was not written", "Nobody was invited."},
    [SAY_DELIVER] =
        {"the server did not take it",
         "It stays on this device until you drop it; `alcove status` says how, and where its text "
         "goes then."},
    [SAY_DELIVER_STATEMENT] = {"it was refused", "Nothing was changed."},
    [SAY_DEVICE_ADD] = {"the device was not added", "Nothing was changed."},
    [SAY_DEVICE_CODE_READ] = {"the code was not read", "Nothing was done with it."},
    [SAY_DIRECTORY_MAKE] = {"the directory was not made", "Nothing was changed."},
    [SAY_DIRECTORY_SHARE] = {"the directory was not shared", ""},
    [SAY_DROP] = {"nothing more was dropped", "The rest stays on this device."},
    [SAY_EDITOR] = {"the editor was not opened", "Nothing was written."},
    [SAY_EXPORT] = {"the export stopped", ""},
    [SAY_EXPORT_FOLDER] = {"the export's folder was not made", "Nothing was exported."},
    [SAY_FOUND] = {"the practice was not founded", "Files that were there before are unchanged."},
    [SAY_GRANT] = {"it was not done", "Nothing was changed."},
    [SAY_INVITE] = {"the invitation was not made", "Nothing was changed."},
    [SAY_JOIN] = {"you have not joined", "No keys were kept."},
    [SAY_JOIN_PASSPHRASE] = {"no passphrase was chosen, so you have not joined",
                             "The invitation can still be used."},
    [SAY_JOIN_PLACE] = {"the profile's folder cannot be written",
                        "The invitation can still be used."},
    [SAY_JOIN_STORE] = {"your keys were not stored", "The invitation can still be used."},
    [SAY_JOURNAL_MAKE] = {"your journal was not made", "The moment was not written."},
    [SAY_JOURNAL_SHARE] = {"the journal was not shared", "The moment was not written."},
    [SAY_LOG_EXPORT] = {"the export is incomplete", "Remove its folder before you try again."},
    [SAY_LOG_READ] = {"the access log was not read", ""},
    [SAY_LOG_VERIFY] = {"nothing was verified", ""},
    [SAY_KEPT_DROP] = {"the kept text was not deleted", "It is still there."},
    [SAY_KEPT_OPEN] = {"the kept text was not opened", "It is still there."},
    [SAY_NAME] = {"the name was not kept", "Nothing was changed."},
    [SAY_NEW_PASSPHRASE] = {"the passphrase was not changed", "The old one still holds."},
    [SAY_NOTE_READ] = {"the note was not read", ""},
    [SAY_NOTE_WRITE] = {"the note was not written", ""},
    [SAY_OPENED] = {"your reading of this note was not recorded", ""},
    [SAY_PASSPHRASE] = {"no passphrase was read", "Nothing was done."},
    [SAY_PICTURE] = {"the picture was not drawn", ""},
    [SAY_PROFILE_OPEN] = {"your profile was not opened", ""},
    [SAY_RELATION] = {"nothing was stated", ""},
    [SAY_ROOT_OPEN] = {"the root key was not opened", "Nothing was changed."},
    [SAY_SEARCH] = {"nothing was searched", ""},
    [SAY_SECTION_MAKE] = {"the section was not made", "Nothing was changed."},
    [SAY_SECTION_READ] = {"a section was not read", ""},
    [SAY_SEND] = {"it was not sent", "It is saved on this device, sealed."},
    [SAY_SERVER_SIGN] = {"the server's keys were not signed",
                         "Files that were there before are unchanged."},
    [SAY_SHORT_CODE] = {"there is no code to compare", ""},
    [SAY_STATEMENT] = {"it was not done", "Nothing was changed."},
    [SAY_SYNC] = {"syncing stopped", "What is on this device stays as it was."},
    [SAY_TEXT_READ] = {"the text was not read", "Nothing was written."},
};

#define TWO_DIFFER "the two passphrases differ"
#define TYPE_TWICE "Type the same one twice."
#define NONE_TYPED "none was typed, or there is no terminal to ask on"
#define MEMORY_FULL                                                                                \
    "the folder in memory ($XDG_RUNTIME_DIR or /dev/shm) is full or cannot be written"
#define MAKE_MEMORY "Make room there, or give the text with --file."
#define LOG_UNREAD                                                                                 \
    "the server could not answer: it cannot read this part of its log, or sign it now"
#define LOG_UNREAD_NEXT "Try again in a minute. If it stays so, tell whoever runs the server."
#define OWN_DISK_FULL   "this machine's disk is full, where the profile lies"
#define MAKE_ROOM       "Make room on this machine's disk, then try again."
#define MAKE_ANEW                                                                                  \
    "Run the command again, after `alcove lock` if an agent is at work: what the server holds is " \
    "fetched anew, and what waits here is kept."
#define TELL_AUDITOR "Keep this text and tell your auditor."

/* What to do about it; the reason itself is status_reason. */
static const struct {
    enum status status;
    int code;
    const char *next;
} STATUSES[] = {
    {STATUS_REFUSED, CLI_REFUSED, ""},
    {STATUS_CONFLICT, CLI_FAILED, "Run `alcove sync`, look at it again, and repeat the command."},
    {STATUS_NEEDS_EPOCH, CLI_FAILED, "Run `alcove sync`, then repeat the command."},
    {STATUS_LOCKED, CLI_REFUSED, "Add to it with --addendum, --correction or --late-entry."},
    {STATUS_BUSY, CLI_UNREACHABLE, "Try again in a moment."},
    {STATUS_FULL, CLI_FAILED, "Make room, or ask whoever runs the server to."},
    {STATUS_REWOUND, CLI_ALARM, TELL_AUDITOR},
    {STATUS_SUSPENDED, CLI_REFUSED,
     "Nothing on this device was deleted. Ask an admin of your practice."},
    {STATUS_UNAVAILABLE, CLI_UNREACHABLE, "Try again later."},
    {STATUS_VERSION, CLI_FAILED, "Update the older of the two."},
    {STATUS_READ_ONLY, CLI_UNREACHABLE, "Tell whoever runs the server."},
    {STATUS_BAD_SIGNATURE, CLI_ALARM, TELL_AUDITOR},
    {STATUS_BAD_PROOF, CLI_ALARM, TELL_AUDITOR},
    {STATUS_BAD_CHAIN, CLI_ALARM, TELL_AUDITOR},
    {STATUS_EQUIVOCATION, CLI_ALARM, TELL_AUDITOR},
    {STATUS_NOT_FOUND, CLI_NOT_FOUND, ""},
    {STATUS_NO_MEMORY, CLI_FAILED, "Close other programs and try again."},
    {STATUS_IO, CLI_FAILED, "Look at its folder, its permissions and the room on the disk."},
    {STATUS_CORRUPT, CLI_ALARM, MAKE_ANEW},
    {STATUS_WRONG_KEY, CLI_LOCKED, ""},
    {STATUS_DAMAGED, CLI_LOCKED, "Try again; upper and lower case matter."},
    {STATUS_UNSUPPORTED, CLI_REFUSED, ""},
    {STATUS_EXPIRED, CLI_REFUSED, "Ask for a new one."},
    {STATUS_CLOCK, CLI_REFUSED, "See `alcove doctor`."},
    {STATUS_OFFLINE, CLI_UNREACHABLE, "Try again later."},
    {STATUS_USAGE, CLI_USAGE, ""},
};

/* Pairs that deserve words of their own. */
static const struct {
    enum situation situation;
    enum status status;
    int code;
    const char *why;
    const char *next;
} PAIRS[] = {
    {SAY_AGENT_HAND, STATUS_TOO_LARGE, CLI_FAILED, "its words are too long",
     "Give the text with --file instead."},
    {SAY_CODE_READ, STATUS_MALFORMED, CLI_FAILED,
     "this is not an Alcove code, or a character of it is wrong or missing",
     "An invitation's code begins with ALCOVE1-JOIN:."},
    {SAY_CODE_READ, STATUS_UNSUPPORTED, CLI_FAILED, "this code is for something else",
     "An invitation's code begins with ALCOVE1-JOIN:; that of a further device is taken by `alcove "
     "join --device FILE`."},
    {SAY_CODE_READ, STATUS_NOT_FOUND, CLI_NOT_FOUND, "there is no such file", ""},
    {SAY_CODE_WRITE, STATUS_ALREADY, CLI_FAILED, "the file exists already",
     "Name another with --out."},
    {SAY_CARD, STATUS_ALREADY, CLI_FAILED, "the file exists already", "Name another with --card."},
    {SAY_DELIVER_STATEMENT, STATUS_BAD_CHAIN, CLI_REFUSED,
     "it contradicts a statement that came before it",
     "Run `alcove sync` and look at how things stand now."},
    {SAY_DEVICE_ADD, STATUS_ALREADY, CLI_FAILED, "the file exists already",
     "Name another with --out."},
    {SAY_DEVICE_ADD, STATUS_TOO_LARGE, CLI_FAILED,
     "the practice's founding statements are too many for a code's bundle", ""},
    {SAY_DEVICE_CODE_READ, STATUS_MALFORMED, CLI_FAILED,
     "this is not an Alcove code, or a character of it is wrong or missing",
     "The code of a device begins with ALCOVE1-DEVICE:."},
    {SAY_DEVICE_CODE_READ, STATUS_UNSUPPORTED, CLI_FAILED,
     "this code is for something else than a further device",
     "The code of a device begins with ALCOVE1-DEVICE:; an invitation is taken by `alcove join "
     "FILE`."},
    {SAY_DEVICE_CODE_READ, STATUS_NOT_FOUND, CLI_NOT_FOUND, "there is no such file", ""},
    {SAY_DIRECTORY_MAKE, STATUS_ALREADY, CLI_FAILED, "your practice has one already",
     "`alcove directory share` lets colleagues read it."},
    {SAY_EDITOR, STATUS_FULL, CLI_FAILED, MEMORY_FULL, MAKE_MEMORY},
    {SAY_EDITOR, STATUS_IO, CLI_FAILED, MEMORY_FULL, MAKE_MEMORY},
    {SAY_EDITOR, STATUS_NOT_FOUND, CLI_NOT_FOUND, "there is no profile here",
     "`alcove join` makes one; --profile names another."},
    {SAY_EDITOR, STATUS_USAGE, CLI_FAILED,
     "there is no folder in memory to hold the text, neither $XDG_RUNTIME_DIR nor /dev/shm",
     "Give the text with --file."},
    {SAY_EXPORT_FOLDER, STATUS_ALREADY, CLI_FAILED, "it exists already",
     "Name a folder that does not exist yet."},
    {SAY_FOUND, STATUS_ALREADY, CLI_FAILED, "the folder holds the keys of a practice already",
     "Name another with --out."},
    {SAY_FOUND, STATUS_MALFORMED, CLI_FAILED, "the --server file does not hold a server's keys",
     "Give the file server.pub that `alcoved init` wrote."},
    {SAY_FOUND, STATUS_NOT_FOUND, CLI_NOT_FOUND, "the --server file does not exist", ""},
    {SAY_GRANT, STATUS_UNSUPPORTED, CLI_REFUSED, "only an admin vouches for this person so far",
     "Both run `alcove member code`, compare the digits by phone or in person, then repeat with "
     "--code-compared."},
    {SAY_GRANT, STATUS_REFUSED, CLI_REFUSED,
     "the section is not yours to open, or the policy lets no such person in",
     "That somebody treats or covers a client is stated by an admin first: alcove relate STAFF "
     "covers CLIENT. Process notes are opened to whoever trains their author alone: alcove relate "
     "STAFF trains AUTHOR."},
    {SAY_CHART_MAKE, STATUS_ALREADY, CLI_FAILED,
     "you have all of this client's chart already (`alcove chart list`)",
     "For one section more: alcove chart add CHART --class CLASS."},
    {SAY_INVITE, STATUS_REFUSED, CLI_REFUSED, "you may not invite somebody in this role",
     "An admin invites therapists; a therapist to whom an admin delegated it (alcove delegate "
     "THERAPIST) invites clients; the practice's root appoints admins and auditors."},
    {SAY_STATEMENT, STATUS_CONFLICT, CLI_REFUSED,
     "one of the two supervises or trains the other already, directly or by others between",
     "See `alcove relate list`; end the other relation first."},
    {SAY_CHART_MAKE, STATUS_REFUSED, CLI_REFUSED,
     "no admin has stated yet that you treat this client",
     "An admin states it: alcove relate YOU treats CLIENT."},
    {SAY_JOIN, STATUS_REFUSED, CLI_REFUSED,
     "the server does not know this invitation, or it was used already",
     "Ask whoever gave it to you for a new one."},
    {SAY_JOIN, STATUS_EXPIRED, CLI_REFUSED, "the invitation has expired",
     "Ask whoever gave it to you for a new one."},
    {SAY_FOUND, STATUS_WRONG_KEY, CLI_LOCKED, TWO_DIFFER, TYPE_TWICE},
    {SAY_FOUND, STATUS_USAGE, CLI_LOCKED, NONE_TYPED, "Give --passphrase-fd N."},
    {SAY_JOIN_PASSPHRASE, STATUS_WRONG_KEY, CLI_LOCKED, TWO_DIFFER, TYPE_TWICE},
    {SAY_JOIN_PASSPHRASE, STATUS_USAGE, CLI_LOCKED, NONE_TYPED, "Give --passphrase-fd N."},
    {SAY_KEPT_OPEN, STATUS_WRONG_KEY, CLI_LOCKED,
     "it is damaged, or was not sealed to this profile's key", ""},
    {SAY_NEW_PASSPHRASE, STATUS_WRONG_KEY, CLI_LOCKED, TWO_DIFFER, TYPE_TWICE},
    {SAY_NEW_PASSPHRASE, STATUS_USAGE, CLI_LOCKED, NONE_TYPED, "Give --new-passphrase-fd N."},
    {SAY_NOTE_WRITE, STATUS_FULL, CLI_FAILED, OWN_DISK_FULL, MAKE_ROOM},
    {SAY_NOTE_WRITE, STATUS_REFUSED, CLI_REFUSED,
     "you may not write there, or not any more; a note of somebody else's is theirs alone to "
     "change or to add to",
     "`alcove access CHART` tells who may, and why."},
    {SAY_PASSPHRASE, STATUS_REFUSED, CLI_REFUSED,
     "the keystore is not a file of yours that nobody else may read",
     "Close it to others with chmod 600, and its folder with chmod 700."},
    {SAY_NOTE_WRITE, STATUS_DAMAGED, CLI_FAILED,
     "its newest version does not open here, so that nobody can tell what it says",
     "`alcove history NOTE` shows the versions before it and who wrote it. Ask that person, or "
     "write a new note."},
    {SAY_PASSPHRASE, STATUS_USAGE, CLI_LOCKED, NONE_TYPED,
     "Run `alcove unlock` first, or give --passphrase-fd N."},
    {SAY_PROFILE_OPEN, STATUS_DAMAGED, CLI_LOCKED,
     "the passphrase is wrong, or the keystore file is damaged",
     "Try again; upper and lower case matter."},
    {SAY_PROFILE_OPEN, STATUS_NOT_FOUND, CLI_NOT_FOUND, "there is no profile here",
     "`alcove join` makes one; --profile names another."},
    {SAY_PROFILE_OPEN, STATUS_FULL, CLI_FAILED, OWN_DISK_FULL, MAKE_ROOM},
    {SAY_PROFILE_OPEN, STATUS_IO, CLI_FAILED, "files in its folder could not be read or written",
     "The folder and all that is in it must be yours and writable."},
    {SAY_RELATION, STATUS_ALREADY, CLI_FAILED, "the same relation is stated already",
     "See `alcove relate list`."},
    {SAY_ROOT_OPEN, STATUS_NOT_FOUND, CLI_NOT_FOUND, "the --root file does not exist", ""},
    {SAY_ROOT_OPEN, STATUS_USAGE, CLI_USAGE,
     "no passphrase was typed, or there is no terminal to ask on", "Give --root-passphrase-fd N."},
    {SAY_SERVER_SIGN, STATUS_NOT_FOUND, CLI_NOT_FOUND,
     "genesis.unsigned, root.key or the --server file does not exist", ""},
    {SAY_SERVER_SIGN, STATUS_MALFORMED, CLI_FAILED,
     "the --server file does not hold a server's keys",
     "Give the file server.pub that `alcoved init` wrote."},
    {SAY_STATEMENT, STATUS_REFUSED, CLI_REFUSED, "only an admin of your practice may state this",
     "Ask one; `alcove member list` names them."},
    {SAY_SECTION_MAKE, STATUS_REFUSED, CLI_REFUSED,
     "you may not make a section of this class for this client",
     "A client makes journals (`alcove moment`); whoever treats the client makes the others."},
    {SAY_LOG_READ, STATUS_UNAVAILABLE, CLI_UNREACHABLE, LOG_UNREAD, LOG_UNREAD_NEXT},
    {SAY_LOG_VERIFY, STATUS_UNAVAILABLE, CLI_UNREACHABLE, LOG_UNREAD, LOG_UNREAD_NEXT},
    {SAY_LOG_READ, STATUS_REFUSED, CLI_REFUSED, "this part of the log is not yours to read",
     "An auditor reads all of it, a client the events of the own chart, and everybody those of "
     "their "
     "own account: `alcove log`."},
    {SAY_SHORT_CODE, STATUS_NOT_FOUND, CLI_NOT_FOUND, "one of you two has not joined yet",
     "Try again when both have."},
    {SAY_SEND, STATUS_FULL, CLI_FAILED, OWN_DISK_FULL, MAKE_ROOM},
    {SAY_SYNC, STATUS_FULL, CLI_FAILED, OWN_DISK_FULL, MAKE_ROOM},
    {SAY_SYNC, STATUS_REFUSED, CLI_REFUSED,
     "the server does not let this device in; it may have been revoked",
     "Ask whoever runs your practice."},
    {SAY_TEXT_READ, STATUS_NOT_FOUND, CLI_NOT_FOUND, "there is no such file", ""},
    {SAY_TEXT_READ, STATUS_IO, CLI_FAILED, "the file could not be read, or the editor failed", ""},
    {SAY_TEXT_READ, STATUS_USAGE, CLI_USAGE, "there is no terminal to start the editor on",
     "Give --file FILE, or --file - for standard input."},
    {SAY_TEXT_READ, STATUS_TOO_LARGE, CLI_FAILED, "a note holds at most 256 KiB of text",
     "Write it as two notes."},
};

struct message message_of(enum situation situation, enum status status)
{
    struct message message = {.code = CLI_FAILED,
                              .what = SITUATIONS[situation].what,
                              .why = status_reason(status),
                              .kept = SITUATIONS[situation].kept,
                              .next = ""};
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        if (STATUSES[i].status == status) {
            message.code = STATUSES[i].code;
            message.next = STATUSES[i].next;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        if (PAIRS[i].situation == situation && PAIRS[i].status == status) {
            message.code = PAIRS[i].code;
            message.why = PAIRS[i].why;
            message.next = PAIRS[i].next;
        }
    }
    return message;
}
