#include "server/core/meetings.h"

#include "keys/public/hash.h"

enum side { SIDE_NEW = 0, SIDE_HOST = 1, SIDE_COUNT = 2 };

struct meeting {
    bool open;
    struct member_id member;
    struct meeting_key keys[SIDE_COUNT];
    uint64_t opened_ms;
    struct hash bundle_hash;
    uint8_t *bundle;
    size_t bundle_size;
    uint8_t *messages[SIDE_COUNT][MEETING_MESSAGES_MAX];
    size_t sizes[SIDE_COUNT][MEETING_MESSAGES_MAX];
    size_t bytes;
};

struct meetings {
    struct meeting items[MEETINGS_MAX];
};

enum status meetings_new(struct meetings **out_meetings)
{
    *out_meetings = calloc(1, sizeof **out_meetings);
    return *out_meetings == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

static void end(struct meeting *meeting)
{
    free(meeting->bundle);
    for (size_t side = 0; side < SIDE_COUNT; side++) {
        for (size_t i = 0; i < MEETING_MESSAGES_MAX; i++) {
            free(meeting->messages[side][i]);
        }
    }
    *meeting = (struct meeting){0};
}

void meetings_free(struct meetings *meetings)
{
    for (size_t i = 0; meetings != NULL && i < MEETINGS_MAX; i++) {
        end(&meetings->items[i]);
    }
    free(meetings);
}

/* A clock that was set back ends a meeting as well: how long it lasts is never more than it says. */
static bool is_over(const struct meeting *meeting, uint64_t now_ms)
{
    return now_ms < meeting->opened_ms || now_ms - meeting->opened_ms >= MEETING_MS;
}

static void end_old(struct meetings *meetings, uint64_t now_ms)
{
    for (size_t i = 0; i < MEETINGS_MAX; i++) {
        struct meeting *meeting = &meetings->items[i];
        if (meeting->open && is_over(meeting, now_ms)) {
            end(meeting);
        }
    }
}

static struct meeting *find(struct meetings *meetings, const struct meeting_key *key,
                            enum side *out_side)
{
    for (size_t i = 0; i < MEETINGS_MAX; i++) {
        struct meeting *meeting = &meetings->items[i];
        for (enum side side = SIDE_NEW; meeting->open && side < SIDE_COUNT; side++) {
            if (ID_EQUAL(&meeting->keys[side], key)) {
                *out_side = side;
                return meeting;
            }
        }
    }
    return NULL;
}

/* The member's own, else a free one. */
static struct meeting *place_for(struct meetings *meetings, const struct member_id *member)
{
    struct meeting *found = NULL;
    for (size_t i = 0; i < MEETINGS_MAX; i++) {
        struct meeting *meeting = &meetings->items[i];
        if (meeting->open && ID_EQUAL(&meeting->member, member)) {
            return meeting;
        }
        if (!meeting->open && found == NULL) {
            found = meeting;
        }
    }
    return found;
}

static bool is_taken(struct meetings *meetings, const struct meeting_key *key,
                     const struct meeting *by_other_than)
{
    enum side side;
    const struct meeting *meeting = find(meetings, key, &side);
    return meeting != NULL && meeting != by_other_than;
}

static uint8_t *copy(struct span bytes)
{
    uint8_t *data = malloc(bytes.size);
    if (data != NULL) {
        memcpy(data, bytes.data, bytes.size);
    }
    return data;
}

enum status meetings_open(struct meetings *meetings, const struct member_id *member,
                          const struct meeting_key *place, const struct meeting_key *host,
                          struct span bundle, uint64_t now_ms)
{
    end_old(meetings, now_ms);
    if (bundle.size == 0 || bundle.size > MEETING_BUNDLE_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct meeting *meeting = place_for(meetings, member);
    if (meeting == NULL) {
        return STATUS_BUSY;
    }
    if (ID_EQUAL(place, host) || is_taken(meetings, place, meeting) ||
        is_taken(meetings, host, meeting)) {
        return STATUS_CONFLICT;
    }
    uint8_t *bytes = copy(bundle);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    end(meeting);
    meeting->open = true;
    meeting->member = *member;
    meeting->keys[SIDE_NEW] = *place;
    meeting->keys[SIDE_HOST] = *host;
    meeting->opened_ms = now_ms;
    meeting->bundle = bytes;
    meeting->bundle_size = bundle.size;
    meeting->bytes = bundle.size;
    hash_bytes(bundle, &meeting->bundle_hash);
    return STATUS_OK;
}

bool meetings_bundle(struct meetings *meetings, const uint8_t prefix[static ID_BYTES],
                     uint64_t now_ms, struct span *out_bundle)
{
    end_old(meetings, now_ms);
    for (size_t i = 0; i < MEETINGS_MAX; i++) {
        const struct meeting *meeting = &meetings->items[i];
        if (meeting->open && memcmp(meeting->bundle_hash.bytes, prefix, ID_BYTES) == 0) {
            *out_bundle = span_of(meeting->bundle, meeting->bundle_size);
            return true;
        }
    }
    return false;
}

static enum status put(struct meeting *meeting, enum side side, size_t at, struct span message)
{
    size_t there = meeting->sizes[side][at];
    if (there > 0) {
        return there == message.size &&
                       memcmp(meeting->messages[side][at], message.data, message.size) == 0
                   ? STATUS_OK
                   : STATUS_CONFLICT;
    }
    if (message.size > MEETING_MESSAGE_BYTES_MAX ||
        message.size > MEETING_BYTES_MAX - meeting->bytes) {
        return STATUS_TOO_LARGE;
    }
    meeting->messages[side][at] = copy(message);
    if (meeting->messages[side][at] == NULL) {
        return STATUS_NO_MEMORY;
    }
    meeting->sizes[side][at] = message.size;
    meeting->bytes += message.size;
    return STATUS_OK;
}

#ifdef ALCOVE_TEST_HOOKS
/* A server that changes what it carries: ALCOVE_MEET_SPOIL is the side that said it, n or o, and the
 * number. */
static struct span hook_spoil(enum side teller, uint32_t number, struct span message)
{
    static uint8_t spoilt[MEETING_MESSAGE_BYTES_MAX];
    const char *which = getenv("ALCOVE_MEET_SPOIL");
    if (which == NULL || which[0] != (teller == SIDE_NEW ? 'n' : 'o') ||
        which[1] != (char)('0' + number) || message.size == 0) {
        return message;
    }
    memcpy(spoilt, message.data, message.size);
    spoilt[message.size - 1u] ^= 1u;
    return span_of(spoilt, message.size);
}
#endif

enum status meetings_say(struct meetings *meetings, const struct meeting_key *key, uint32_t number,
                         struct span message, uint64_t now_ms, struct span *out_other)
{
    *out_other = span_of(NULL, 0);
    end_old(meetings, now_ms);
    enum side side = SIDE_NEW;
    struct meeting *meeting = find(meetings, key, &side);
    if (meeting == NULL) {
        return STATUS_NOT_FOUND;
    }
    if (number == 0 || number > MEETING_MESSAGES_MAX) {
        return STATUS_MALFORMED;
    }
    enum status status = message.size == 0 ? STATUS_OK : put(meeting, side, number - 1u, message);
    enum side other = side == SIDE_NEW ? SIDE_HOST : SIDE_NEW;
    if (status == STATUS_OK && meeting->sizes[other][number - 1u] > 0) {
        *out_other =
            span_of(meeting->messages[other][number - 1u], meeting->sizes[other][number - 1u]);
    }
#ifdef ALCOVE_TEST_HOOKS
    *out_other = hook_spoil(other, number, *out_other);
#endif
    return status;
}
