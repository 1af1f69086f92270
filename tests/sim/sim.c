#include "tests/sim/truth.h"

#include "keys/public/hash.h"
#include "tests/sim/server.h"
#include "tests/sim/signer.h"
#include "tests/support/engine_digest.h"
#include "tests/support/test.h"

/*
 * alcove-sim: one run from one seed.
 *
 *   alcove-sim --seed N [--steps N] [--to N] [--trace] [--count] [--without A-B]...
 *
 * --to stops there as it is; else everybody comes to rest after the last step.
 * Prints the seed, what happened and a hash of all states; the same options print the same to the
 * byte. Ends with 1 at the first broken promise, and says at which step.
 */

#define LEFT_OUT_MAX 256u
#define CALM_ROUNDS  400u
#define CALM_ASKS    300u
#define CALM_MOVES   4000u
#define DAY_MS       (86400000u * 5u / 4u)

struct options {
    uint64_t seed, steps;
    bool trace, stops, counts;
    struct {
        uint64_t from, to;
    } without[LEFT_OUT_MAX];
    size_t without_count;
};

static bool left_out(const struct options *options, uint64_t step)
{
    for (size_t i = 0; i < options->without_count; i++) {
        if (step >= options->without[i].from && step <= options->without[i].to) {
            return true;
        }
    }
    return false;
}

static void one_step(struct world *world)
{
    struct dice dice;
    dice_throw(&dice, world->seed, world->step);
    dice_keys(world->seed, world->step);
    signer_step(&dice);
    struct world_device *device = &world->devices[dice_below(&dice, world->device_count)];
    uint64_t way = dice_below(&dice, 1000);
    if (way < 650) {
        (void)carry(world, device, &dice);
    } else if (way < 850) {
        (void)server_turn(world);
    } else if (way < 930) {
        world->server.now_ms += dice_below(&dice, 2000);
        carry_tick(world, device);
    } else if (way < 983) {
        act(world, &dice);
    } else if (way < 987) {
        check_reader(world, device, false);
        check_typed(world, device);
        check_true(world, device);
    } else if (way < 989) {
        check_stored(world, device);
    } else {
        fault(world, &dice);
    }
    fault_pass(world, false);
    liar_step(world);
    bound_step(world);
    if (world->step % 16 == 0) {
        settle(world);
    }
}

void settle_frames(struct world *world, struct dice *dice)
{
    bool moved = true;
    for (unsigned turns = 0; moved; turns++) {
        moved = server_turn(world);
        for (unsigned i = 0; i < world->device_count; i++) {
            for (unsigned moves = 0; carry(world, &world->devices[i], dice); moves++) {
                moved = true;
                if (moves == CALM_MOVES || turns == CALM_MOVES) {
                    world_fail(world, "device %u does not come to rest", i);
                }
            }
        }
    }
}

/* Who wrote down something that could go has it there, or knows why not. */
static void check_sent(struct world *world)
{
    for (size_t i = 0; i < world->model.text_count; i++) {
        const struct model_text *text = &world->model.texts[i];
        const struct world_device *device = &world->devices[text->device];
        struct engine_ticket info;
        engine_ticket(device->person.engine, text->ticket, &info);
        /* A device that died as it heard of the end of it no longer knows the ticket. */
        bool waits = info.wish == ENGINE_WISH_WAITING || info.wish == ENGINE_WISH_SENT;
        if (text->fate == MODEL_TYPED && !device->out && waits && !liar_elsewhere(world, device)) {
            world_fail(world, "all is calm, and \"%s\" still waits on device %u (%s, try %u)",
                       text->text, text->device, status_name(info.status), info.tries);
        }
    }
}

/* Nothing goes wrong any more: everybody must come to rest, and have what is theirs. */
static void come_to_rest(struct world *world)
{
    world->calm = true;
    fault_pass(world, true);
    liar_calm(world);
    for (unsigned i = 0; i < world->device_count; i++) {
        world->devices[i].wants_line = true;
        world->devices[i].person.clock_off_ms = 0;
    }
    for (unsigned round = 0; round < CALM_ROUNDS; round++) {
        world->step++;
        if (round == CALM_ASKS && world->liar == NULL) {
            check_sent(world);
        }
        struct dice dice;
        dice_throw(&dice, world->seed, world->step);
        dice_keys(world->seed, world->step);
        /* Where the server is honest nobody asks anew for longer than any wait after a trouble: what
         * was typed must go by itself. Then people look, twice: what is new for them is asked for
         * with that. What a liar spoiled is asked for again after a day at most. */
        bool lies = world->liar != NULL;
        bool looks = lies ? round % 8 == 0 : round == CALM_ASKS || round == CALM_ASKS + 50;
        world->server.now_ms += !lies ? 3000 : round % 100 == 99 ? DAY_MS + 1000 : 1000;
        for (unsigned i = 0; i < world->device_count; i++) {
            struct world_device *device = &world->devices[i];
            if (looks) {
                if (lies) {
                    carry_hurry(device);
                }
                engine_sync(device->person.engine);
            }
            carry_tick(world, device);
        }
        settle_frames(world, &dice);
        settle(world);
    }
    for (unsigned i = 0; i < world->device_count; i++) {
        struct engine_state state;
        engine_state(world->devices[i].person.engine, &state);
        bool rests = state.phase == ENGINE_IDLE || liar_elsewhere(world, &world->devices[i]);
        if (!world->devices[i].out && !rests) {
            world_fail(world, "device %u is not at rest: phase %d", i, (int)state.phase);
        }
        check_typed(world, &world->devices[i]);
        check_reader(world, &world->devices[i], true);
        check_stored(world, &world->devices[i]);
        check_true(world, &world->devices[i]);
    }
    bound_quiet(world);
    check_sent(world);
    verify_all(world);
}

static void print_run(struct world *world)
{
    struct hash all = {{0}};
    for (unsigned i = 0; i < world->device_count; i++) {
        struct engine_digest digest;
        engine_digest(world->devices[i].person.engine, &digest);
        struct span parts[] = {
            ID_SPAN(&all), span_of(&digest, sizeof digest),
            span_of(world->server.heads.events, world->server.heads.events_bytes)};
        hash_parts(parts, ARRAY_LEN(parts), &all);
    }
    size_t taken = 0;
    size_t refused = 0;
    for (size_t i = 0; i < world->model.text_count; i++) {
        taken += world->model.texts[i].fate == MODEL_TAKEN ? 1 : 0;
        refused += world->model.texts[i].fate == MODEL_REFUSED ? 1 : 0;
    }
    uint64_t faults = 0;
    for (size_t i = 0; i < FAULTS; i++) {
        faults += world->faults[i];
    }
    printf("seed %llu: %llu steps, %u devices of %u members, %u sections, %zu texts (%zu taken, "
           "%zu refused), %llu acts (%llu refused at once), %llu requests, %llu faults, %llu "
           "checks, %s%llu lies, %llu alarms, state ",
           (unsigned long long)world->seed, (unsigned long long)world->step, world->device_count,
           world->model.member_count, world->model.section_count, world->model.text_count, taken,
           refused, (unsigned long long)world->acts, (unsigned long long)world->acts_refused,
           (unsigned long long)world->frames, (unsigned long long)faults,
           (unsigned long long)world->checks, world->liar == NULL ? "honest server, " : "",
           (unsigned long long)(world->liar == NULL ? 0 : world->liar->lies),
           (unsigned long long)(world->liar == NULL ? 0 : world->liar->alarms));
    for (size_t i = 0; i < 8; i++) {
        printf("%02x", all.bytes[i]);
    }
    printf("\n");
}

static bool parse(int count, char **words, struct options *out_options)
{
    *out_options = (struct options){.seed = 1, .steps = 20000};
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        if (strcmp(words[i], "--trace") == 0) {
            out_options->trace = true;
        } else if (strcmp(words[i], "--count") == 0) {
            out_options->counts = true;
        } else if (strcmp(words[i], "--seed") == 0) {
            out_options->seed = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(words[i], "--steps") == 0 || strcmp(words[i], "--to") == 0) {
            out_options->stops |= strcmp(words[i], "--to") == 0;
            out_options->steps = strtoull(value, NULL, 10);
            i++;
        } else if (strcmp(words[i], "--without") == 0 &&
                   out_options->without_count < LEFT_OUT_MAX) {
            size_t at = out_options->without_count++;
            char *end = NULL;
            out_options->without[at].from = strtoull(value, &end, 10);
            out_options->without[at].to =
                *end == '-' ? strtoull(end + 1, NULL, 10) : out_options->without[at].from;
            i++;
        } else {
            return false;
        }
    }
    return true;
}

int main(int count, char **words)
{
    struct options options;
    if (!parse(count, words, &options)) {
        (void)fprintf(stderr,
                      "use: alcove-sim --seed N [--steps N] [--to N] [--trace] [--without A-B]\n");
        return 2;
    }
    dice_install();
    static struct world world;
    world.trace = options.trace;
    world.counts = options.counts;
    world_open(&world, options.seed);
    for (world.step = 1; world.step <= options.steps; world.step++) {
        if (!left_out(&options, world.step)) {
            one_step(&world);
        }
    }
    if (!options.stops) {
        come_to_rest(&world);
    }
    if (options.counts) {
        count_print(&world);
    }
    print_run(&world);
    world_close(&world);
    return 0;
}
