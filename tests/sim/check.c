#include "tests/sim/world.h"

#include "keys/public/bytes/array.h"
#include "keys/public/hash.h"
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

void check_reader(struct world *world, struct world_device *device, bool calm)
{
    struct reading reading = read_all(world, device);
    for (size_t i = 0; calm && !device->out && i < world->model.text_count; i++) {
        const struct model_text *text = &world->model.texts[i];
        if (reading.seen[i] == 0 && model_must_see(&world->model, device->member, text)) {
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
        if (&world->devices[text->device] == device && text->fate != MODEL_TAKEN &&
            text->fate != MODEL_UNSURE && reading.held[i] == 0 && !waits(world, device, text)) {
            world_fail(world, "\"%s\" was typed on device %u and is nowhere", text->text,
                       text->device);
        }
    }
    free(reading.seen);
    free(reading.held);
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

void check_stored(struct world *world, struct world_device *device)
{
    struct engine_config config = {.content = &device->person.content};
    memory_storage_get(device->person.storage, &config.storage);
    struct engine *again = NULL;
    enum status status = engine_new(&config, &again);
    if (status != STATUS_OK) {
        world_fail(world, "device %u could not start again from its storage: %s",
                   (unsigned)(device - world->devices), status_name(status));
    }
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
    engine_free(again);
    world->checks++;
}
