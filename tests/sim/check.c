#include "tests/sim/lie.h"

#include "tests/sim/act.h"

#include "client/engine/exchange/inside.h"
#include "keys/public/bytes/array.h"
#include "keys/public/hash.h"
#include "tests/support/engine_digest.h"
#include "tests/support/test.h"

struct reading {
    struct world *world;
    const struct world_device *device;
    unsigned section;
    unsigned *seen; /* how often each text stands on the server, by number */
    unsigned *held; /* the same, what waits here included */
};

static bool read_text(void *visitor, const struct view_revision *revision)
{
    struct reading *reading = visitor;
    struct world *world = reading->world;
    if (revision->body == NULL || revision->body->kind == NOTE_NAME) {
        return true;
    }
    const char *chars = (const char *)revision->body->text.data;
    struct model_text *text = model_find(&world->model, chars, revision->body->text.len);
    if (text == NULL) {
        world_fail(world, "device %u shows what nobody typed",
                   (unsigned)(reading->device - world->devices));
        return false; /* it does not return; analyzers want to see that */
    }
    unsigned author = model_member(&world->model, &revision->author, true);
    if (text->section != reading->section || text->member != author) {
        world_fail(world, "device %u shows \"%s\" in another section or by another author",
                   (unsigned)(reading->device - world->devices), text->text);
    }
    if (!model_may_hold(&world->model, reading->device->member, text)) {
        world_fail(world, "member %u holds \"%s\", typed when they were out",
                   reading->device->member, text->text);
    }
    size_t number = (size_t)(text - world->model.texts);
    reading->held[number]++;
    reading->seen[number] += revision->pending ? 0u : 1u;
    if (reading->seen[number] > 1) {
        world_fail(world, "\"%s\" is there twice", text->text);
    }
    return true;
}

static bool read_section(void *visitor, const struct view_section *section)
{
    struct reading *reading = visitor;
    struct world *world = reading->world;
    reading->section = model_section(&world->model, &section->section);
    if (reading->section == MODEL_SECTIONS_MAX) {
        return true;
    }
    OK(view_revisions(reading->device->person.engine, &section->section, NULL, read_text, reading));
    return true;
}

/* What waits in a section that a person can no longer see is there all the same. */
static bool waits(struct world *world, const struct world_device *device,
                  const struct model_text *text)
{
    (void)world;
    struct engine_ticket info;
    engine_ticket(device->person.engine, text->ticket, &info);
    return info.wish == ENGINE_WISH_WAITING || info.wish == ENGINE_WISH_SENT ||
           info.wish == ENGINE_WISH_FAILED;
}

static struct reading read_all(struct world *world, const struct world_device *device)
{
    struct reading reading = {.world = world, .device = device};
    reading.seen = calloc(world->model.text_count + 1, sizeof *reading.seen);
    reading.held = calloc(world->model.text_count + 1, sizeof *reading.seen);
    CHECK(reading.seen != NULL && reading.held != NULL);
    view_sections(device->person.engine, read_section, &reading);
    world->checks++;
    return reading;
}

/* What was shown once as the server's is shown for ever. */
static void check_kept(struct world *world, struct world_device *device,
                       const struct reading *reading)
{
    size_t count = world->model.text_count;
    if (count > device->had_count) {
        device->had = realloc(device->had, count);
        CHECK(device->had != NULL);
        memset(device->had + device->had_count, 0, count - device->had_count);
        device->had_count = count;
    }
    for (size_t i = 0; i < count; i++) {
        if (device->had[i] != 0 && reading->seen[i] == 0) {
            world_fail(world, "device %u showed \"%s\" and does not any more",
                       (unsigned)(device - world->devices), world->model.texts[i].text);
        }
        device->had[i] |= reading->seen[i] > 0 ? 1 : 0;
    }
}

void check_reader(struct world *world, struct world_device *device, bool calm)
{
    struct reading reading = read_all(world, device);
    check_kept(world, device, &reading);
    calm = calm && !device->out && !liar_elsewhere(world, device);
    for (size_t i = 0; calm && i < world->model.text_count; i++) {
        const struct model_text *text = &world->model.texts[i];
        if (reading.seen[i] == 0 &&
            model_must_see(&world->model, device->member, text, device->asked, device->came)) {
            world_fail(world, "all is calm, and device %u of member %u does not see \"%s\"",
                       (unsigned)(device - world->devices), device->member, text->text);
        }
    }
    free(reading.seen);
    free(reading.held);
}

void check_typed(struct world *world, struct world_device *device)
{
    settle(world);
    struct reading reading = read_all(world, device);
    for (size_t i = 0; i < world->model.text_count; i++) {
        const struct model_text *text = &world->model.texts[i];
        /* Nor is it taken away from who was led to a copy: that copy took it, and has it or not. */
        bool owed =
            text->fate != MODEL_TAKEN && text->fate != MODEL_UNSURE && text->fate != MODEL_ASTRAY;
        if (&world->devices[text->device] == device && owed && reading.held[i] == 0 &&
            !waits(world, device, text)) {
            world_fail(world, "\"%s\" was typed on device %u and is nowhere", text->text,
                       text->device);
        }
    }
    free(reading.seen);
    free(reading.held);
}

void check_goes_on(struct world *world, struct world_device *device)
{
    if (device->dies) {
        return;
    }
    struct dice dice;
    dice_throw(&dice, world->seed ^ UINT64_C(0x676f6573), world->step);
    check_reader(world, device, false);
    enum status status = notes_write(world, &dice, device);
    bool full = device->disk_until != 0 && (status == STATUS_IO || status == STATUS_FULL);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND && !full) {
        world_fail(world, "device %u raised an alarm and takes no text any more: %s",
                   (unsigned)(device - world->devices), status_name(status));
    }
    check_typed(world, device);
}

void check_head(struct world *world, unsigned log, uint64_t size, const struct hash *new_root)
{
    if (size >= world->roots_capacity[log]) {
        size_t before = world->roots_capacity[log];
        OK(array_grow(&world->roots[log], &world->roots_capacity[log], size + 1,
                      sizeof *world->roots[log]));
        memset(&world->roots[log][before], 0,
               (world->roots_capacity[log] - before) * sizeof *world->roots[log]);
    }
    static const struct hash none;
    struct hash *root = &world->roots[log][size];
    if (!ID_EQUAL(root, &none) && !ID_EQUAL(root, new_root)) {
        world_fail(world, "two signed heads of log %u at size %llu", log, (unsigned long long)size);
    }
    *root = *new_root;
    world->newest[log] = size > world->newest[log] ? size : world->newest[log];
}

/* ---- what the engine says is what its storage would tell the next one */

struct saying {
    struct engine *engine;
    bool aloud; /* for the trace */
    struct hash all;
    struct section_id section;
};

static void say(struct saying *saying, const void *data, size_t size)
{
    for (size_t i = 0; saying->aloud && i < size; i++) {
        printf("%02x%s", ((const uint8_t *)data)[i], i + 1 == size ? "\n" : "");
    }
    struct span parts[] = {ID_SPAN(&saying->all), span_of(data, size)};
    hash_parts(parts, ARRAY_LEN(parts), &saying->all);
}

static void say_number(struct saying *saying, uint64_t number)
{
    say(saying, &number, sizeof number);
}

static bool say_member(void *visitor, const struct view_member *member)
{
    struct saying *saying = visitor;
    say(saying, member->member.bytes, ID_BYTES);
    say_number(saying, member->role);
    say_number(saying, (uint64_t)member->enrolled | (uint64_t)member->suspended << 1 |
                           (uint64_t)member->delegated << 2 | (uint64_t)member->vouched << 3);
    say_number(saying, member->devices);
    say(saying, member->name, strlen(member->name));
    return true;
}

static bool say_revision(void *visitor, const struct view_revision *revision)
{
    struct saying *saying = visitor;
    say(saying, revision->link.bytes, HASH_BYTES);
    say_number(saying, revision->number);
    say_number(saying, (uint64_t)revision->head | (uint64_t)revision->erased << 1 |
                           (uint64_t)revision->pending << 2);
    if (revision->body != NULL) {
        say(saying, revision->body->text.data, revision->body->text.len);
    }
    return true;
}

static bool count_revision(void *visitor, const struct view_revision *revision)
{
    *(size_t *)visitor += revision->pending ? 0 : 1;
    return true;
}

static bool say_section(void *visitor, const struct view_section *section)
{
    struct saying *saying = visitor;
    size_t revisions = 0;
    OK(view_revisions(saying->engine, &section->section, NULL, count_revision, &revisions));
    if (revisions == 0) {
        return true; /* only heard of, or begun: the next round hears of it again */
    }
    say(saying, section->section.bytes, ID_BYTES);
    say_number(saying, section->number);
    say_number(saying, section->epoch);
    say_number(saying, section->rights);
    say_number(saying, (uint64_t)section->readable | (uint64_t)section->closed << 1);
    OK(view_revisions(saying->engine, &section->section, NULL, say_revision, saying));
    return true;
}

static struct hash says(struct engine *engine, bool aloud)
{
    struct saying saying = {.engine = engine, .aloud = aloud};
    view_members(engine, say_member, &saying);
    view_sections(engine, say_section, &saying);
    return saying.all;
}

static const char *chart_differs(const struct sections *a, const struct sections *b)
{
    for (size_t i = 0; i < a->chart_count; i++) {
        const struct chart_seen *seen = section_chart_seen(b, &a->charts[i].chart);
        if (seen == NULL || seen->number != a->charts[i].number ||
            !ID_EQUAL(&seen->leaf, &a->charts[i].leaf)) {
            return "charts";
        }
    }
    return a->chart_count == b->chart_count ? NULL : "charts";
}

/* What must be the same part for part. The rest is in memory alone and found again: hints of the
 * server (sections, chains), ends by the clock that entries told, outcomes that were told, what is wanted next; names and charts come in
 * another order. */
static void check_parts(struct world *world, const struct world_device *device,
                        struct engine *again)
{
    static const enum engine_part parts[] = {ENGINE_PART_LOGS,     ENGINE_PART_LEAVES,
                                             ENGINE_PART_FACTS,    ENGINE_PART_CARRIED,
                                             ENGINE_PART_KEYSTORE, ENGINE_PART_STORAGE};
    struct engine *engine = device->person.engine;
    if (!world->calm || engine->common.phase != ENGINE_IDLE) {
        return;
    }
    struct engine_digest live;
    engine_digest(engine, &live);
    struct engine_digest stored;
    engine_digest(again, &stored);
    struct engine_digest same = live;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        same.part[parts[i]] = stored.part[parts[i]];
    }
    const char *part = engine_digest_differs(&live, &same);
    part = part == NULL ? chart_differs(&engine->sections, &again->sections) : part;
    if (part != NULL) {
        world_fail(world, "%s's device knows what it does not store: %s", tell_who(world, device),
                   part);
    }
}

void check_stored(struct world *world, struct world_device *device)
{
    if (liar_elsewhere(world, device)) {
        return; /* it stopped in the middle of what a copy told, and stays there */
    }
    struct engine_config config = {.content = &device->person.content};
    memory_storage_get(device->person.storage, &config.storage);
    struct engine *again = NULL;
    enum status status = engine_new(&config, &again);
    if (status != STATUS_OK) {
        world_fail(world, "device %u could not start again from its storage: %s",
                   (unsigned)(device - world->devices), status_name(status));
    }
    /* How late it is by the server's clock is heard again; what has ended by then is no difference. */
    again->common.clock = device->person.engine->common.clock;
    again->common.now_ms = device->person.engine->common.now_ms;
    struct hash stored = says(again, false);
    struct hash live = says(device->person.engine, false);
    struct engine_state state;
    engine_state(device->person.engine, &state);
    /* What a full disk did not take is stored with the next round, or asked for again. */
    device->behind &= !device->person.connected || device->troubled || state.phase != ENGINE_IDLE;
    if (!device->behind && !ID_EQUAL(&live, &stored)) {
        world_tell(world, "stored:");
        (void)says(again, world->trace);
        world_tell(world, "in memory:");
        (void)says(device->person.engine, world->trace);
        world_fail(world, "device %u says what it does not store",
                   (unsigned)(device - world->devices));
    }
    if (!device->behind) {
        check_parts(world, device, again);
    }
    engine_free(again);
    world->checks++;
}
