#include "tests/sim/lie.h"

#include "keys/public/bytes/array.h"
#include "tests/sim/server.h"
#include "tests/sim/signer.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

#include <stdarg.h>

void world_fail(const struct world *world, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)fflush(stdout);
    (void)fprintf(stderr, "simulator: seed %llu, step %llu: ", (unsigned long long)world->seed,
                  (unsigned long long)world->step);
    (void)vfprintf(stderr, format, list);
    (void)fprintf(stderr, "\n");
    va_end(list);
    char command[220];
    (void)snprintf(command, sizeof command, "rm -rf '%s' '%s'", world->server.folder,
                   world->signer_folder);
    (void)!system(command);
    for (unsigned i = 0; world->liar != NULL && i < LIAR_COPIES_MAX; i++) {
        const struct liar_copy *copy = &world->liar->copies[i];
        (void)snprintf(command, sizeof command, "rm -rf '%s'", copy->server.folder);
        (void)!(copy->used ? system(command) : 0);
    }
    _Exit(1);
}

void world_tell(const struct world *world, const char *format, ...)
{
    if (!world->trace) {
        return;
    }
    va_list list;
    va_start(list, format);
    printf("%8llu  ", (unsigned long long)world->step);
    vprintf(format, list);
    printf("\n");
    va_end(list);
}

uint64_t world_clock(const struct world *world, const struct world_device *device)
{
    return world->server.now_ms + (uint64_t)device->person.clock_off_ms;
}

struct world_device *world_device_add(struct world *world, unsigned member, uint32_t role)
{
    if (world->device_count == WORLD_DEVICES_MAX) {
        return NULL;
    }
    struct world_device *device = &world->devices[world->device_count++];
    *device = (struct world_device){
        .member = member, .role = role, .asked = MODEL_NEVER, .wants_line = true};
    return device;
}

/* ---- a practice to begin with, made while nothing goes wrong */

static struct world_device *invited(struct world *world, struct world_device *by, uint32_t role)
{
    struct world_device *device = world_device_add(world, 0, role);
    scene_refresh(&by->person);
    scene_invite(&by->person, role, "Somebody", &device->person);
    device->member =
        model_member(&world->model, &device->person.content.member, role != ROLE_CLIENT);
    device->first = true;
    return device;
}

static void begin(struct world *world, struct world_device *admin)
{
    (void)invited(world, admin, ROLE_AUDITOR);
    for (unsigned i = 0; i < 2; i++) {
        struct world_device *therapist = invited(world, admin, ROLE_THERAPIST);
        scene_refresh(&admin->person);
        uint64_t ticket = 0;
        OK(act_delegate(admin->person.engine, &therapist->person.content.member, 0,
                        world->server.now_ms, &ticket));
        scene_wait(&admin->person, ticket);
        for (unsigned c = 0; c < 2; c++) {
            struct world_device *client = invited(world, therapist, ROLE_CLIENT);
            const struct member_id *member = &client->person.content.member;
            scene_refresh(&admin->person);
            OK(act_relate(admin->person.engine, member, &therapist->person.content.member,
                          RELATION_TREATS, 0, world->server.now_ms, &ticket));
            scene_wait(&admin->person, ticket);
            scene_refresh(&therapist->person);
            struct chart_id chart;
            OK(act_chart(therapist->person.engine, member, span_of("Client", 6),
                         world->server.now_ms, &chart, &ticket));
            scene_wait(&therapist->person, ticket);
        }
    }
    settle(world);
}

/* The committer waits for a signer that does not answer. */
static void time_passes(void *context)
{
    struct world *world = context;
    world->server.now_ms += 200;
}

static void server_says(void *context, const char *line)
{
    world_tell(context, "the server says: %s", line);
}

void world_open(struct world *world, uint64_t seed)
{
    *world = (struct world){.seed = seed, .trace = world->trace, .counts = world->counts};
    dice_keys(seed, UINT64_MAX);
    (void)snprintf(world->signer_folder, sizeof world->signer_folder,
                   "/dev/shm/alcove-signer-XXXXXX");
    CHECK(mkdtemp(world->signer_folder) != NULL);
    disk.context = world;
    disk.passes = time_passes;
    disk.says = server_says;
    disk.now_ms = &world->server.now_ms;
    disk_start();
    struct public_key log_key;
    signer_open(world, world->signer_folder, &log_key);
    inproc_found(&world->server, &log_key);
    world->at_once = true;
    server_open(world);
    struct world_device *admin = world_device_add(world, 0, ROLE_ADMIN);
    inproc_join(&world->server, world->server.admin_code, &admin->person);
    admin->member = model_member(&world->model, &admin->person.content.member, true);
    admin->first = true;
    begin(world, admin);
    world->at_once = false;
    liar_open(world);
}

void world_close(struct world *world)
{
    liar_close(world);
    for (unsigned i = 0; i < world->device_count; i++) {
        carry_cut(world, &world->devices[i]);
        inproc_person_free(&world->devices[i].person);
        free(world->devices[i].had);
    }
    for (size_t i = 0; i < world->pending_count; i++) {
        keystore_content_deinit(&world->pending[i].content);
    }
    server_close(world);
    signer_close();
    inproc_close(&world->server);
    char command[120];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", world->signer_folder);
    (void)!system(command);
    model_free(&world->model);
    free(world->roots[0]);
    free(world->roots[1]);
}
