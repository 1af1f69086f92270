/* The log signer never signs two histories, whatever is killed, full or cut when. */

#include <unistd.h>

#include "signer_disk_sim.h"
#include "signer_world.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define KILLS       10000u
#define LIVES_WORLD 24u

static const struct practice_id PRACTICE = {{7}};

struct trial {
    uint64_t seed;
    char folder[64]; /* a real one: its lock and its key are real, the state's bytes are not */
    struct log_key *key;
    struct public_key public_key;
    uint64_t kills;
    uint64_t faults;
    uint64_t failed_starts;
    uint64_t signatures;
    uint64_t refused;
    uint64_t violations;
    const char *violation;
};

static uint64_t first_seed(void)
{
    const char *given = getenv("ALCOVE_SIGNER_SEED");
    if (given != NULL) {
        return strtoull(given, NULL, 10);
    }
    uint64_t seed = 0;
    assert_int_equal(getentropy(&seed, sizeof seed), 0);
    return seed;
}

static void trial_init(struct trial *t)
{
    memset(t, 0, sizeof *t);
    t->seed = first_seed();
    (void)printf("ALCOVE_SIGNER_SEED=%llu\n", (unsigned long long)t->seed);
    (void)snprintf(t->folder, sizeof t->folder, "/tmp/alcove-kills-XXXXXX");
    assert_non_null(mkdtemp(t->folder));
    OK(signer_file_init(t->folder, &t->public_key));
    OK(signer_file_key(t->folder, &t->key));
}

static void trial_deinit(struct trial *t)
{
    log_key_close(t->key);
    char path[96];
    (void)snprintf(path, sizeof path, "%s/%s", t->folder, SIGNER_FILE_KEY);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/%s", t->folder, SIGNER_FILE_STATE);
    (void)unlink(path);
    (void)rmdir(t->folder);
}

/* Requests until the signer is killed. An answer leaves only if it is still alive. */
static void ask(struct trial *t, struct world *world, struct signer_file *file, bool once_more)
{
    uint64_t count = once_more ? 1 : world_random(world, 9);
    for (uint64_t i = 0; i < count && !sim.dead; i++) {
        struct signer_request request;
        world_request(world, once_more, &request);
        bool faulty = sim.faulty;
        struct signer_reply reply;
        signer_file_answer(file, t->key, &request, &reply);
        if (reply.answer == SIGNER_FULL || reply.answer == SIGNER_CANNOT_SAVE) {
            assert_true(sim.faulty && !faulty);
            assert_int_equal(reply.answer == SIGNER_FULL, sim.fault == SIM_FULL);
        }
        bool cut_before_it_left = world_random(world, 12) == 0;
        if (sim.dead || cut_before_it_left) {
            return;
        }
        world_take(world, &request, &reply);
    }
}

/* Starts that are killed one after the other before they have synced, and then the power goes. None
 * may have written over what lasts, however many there were. */
static void die_starting(struct trial *t, struct world *world)
{
    for (uint64_t left = 1 + world_random(world, 6); left > 0; left--) {
        /* After its reads and its write; at times within what follows. */
        uint64_t more = world_random(world, 8) == 0 ? world_random(world, 3) : 0;
        sim_start(SIM_KILL_ALONE, SIGNER_DISK_SLOTS + 1 + more);
        struct signer_file file;
        assert_int_equal(signer_file_open(t->folder, &PRACTICE, &file), STATUS_IO);
        t->kills++;
        t->failed_starts++;
    }
    sim_power_cut();
    (void)world_branch(world);
}

/* One process, from its start to its end by SIGKILL, by a power cut or by a failing start. An
 * attacker who knows that a save was not synced asks the next process for the same, takes the
 * power, and comes with another history. */
static void live(struct trial *t, struct world *world)
{
    static const enum sim_fault faults[] = {SIM_NONE, SIM_KILL, SIM_FULL, SIM_ERROR};
    if (sim.wrong == SIM_RIGHT && sim_is_dirty() && world_random(world, 2) == 0) {
        die_starting(t, world);
    }
    bool knows = sim_is_dirty() && world_random(world, 2) == 0;
    sim_start(knows ? SIM_NONE : faults[world_random(world, ARRAY_LEN(faults))],
              world_random(world, 17));
    struct signer_file file;
    enum status status = signer_file_open(t->folder, &PRACTICE, &file);
    if (status == STATUS_OK) {
        ask(t, world, &file, knows);
        signer_file_close(&file);
    } else { /* never for what an earlier end left behind */
        assert_true(sim.faulty);
        assert_int_equal(status, sim.fault == SIM_FULL ? STATUS_FULL : STATUS_IO);
        t->failed_starts++;
    }
    t->kills++;
    t->faults += sim.faulty && sim.fault != SIM_KILL ? 1 : 0;
    if (knows || world_random(world, 2) == 0) {
        sim_power_cut();
    }
    if (knows || world_random(world, 3) == 0) {
        (void)world_branch(world);
    }
}

/* Whatever happened, it starts again without help and signs what extends its memory. */
static void goes_on(struct trial *t, struct world *world)
{
    sim_start(SIM_NONE, 0);
    struct signer_file file;
    OK(signer_file_open(t->folder, &PRACTICE, &file));
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        world->logs[i].told = file.state.sizes[i];
    }
    struct signer_request request;
    world_honest_request(world, file.state.roots, &request);
    struct signer_reply reply;
    signer_file_answer(&file, t->key, &request, &reply);
    assert_int_equal(reply.answer, SIGNER_SIGNED);
    world_take(world, &request, &reply);
    signer_file_close(&file);
}

static void run(struct trial *t, uint64_t kills, enum sim_wrong wrong)
{
    static struct world world;
    while (t->kills < kills) {
        world_init(&world, &t->seed, &PRACTICE, &t->public_key);
        sim_reset(&t->seed, wrong);
        for (size_t i = 0; i < LIVES_WORLD && t->kills < kills && !world_is_full(&world); i++) {
            live(t, &world);
        }
        goes_on(t, &world);
        t->signatures += world.signatures;
        t->refused += world.refused;
        t->violations += world.violations;
        t->violation = world.violation != NULL ? world.violation : t->violation;
        world_deinit(&world);
    }
    (void)printf("%llu kills, %llu failed writes and syncs, %llu failed starts, %llu answers "
                 "signed, %llu refused: %llu contradictions%s%s\n",
                 (unsigned long long)t->kills, (unsigned long long)t->faults,
                 (unsigned long long)t->failed_starts, (unsigned long long)t->signatures,
                 (unsigned long long)t->refused, (unsigned long long)t->violations,
                 t->violation != NULL ? ", such as " : "",
                 t->violation != NULL ? t->violation : "");
}

/* Goal: no two signatures that ever left contradict each other. Method: kills, power cuts, full
 * and failing disks at random points, while an attacker offers other histories. */
static void test_never_two_histories(void **state)
{
    (void)state;
    struct trial t;
    trial_init(&t);
    run(&t, KILLS, SIM_RIGHT);
    assert_int_equal(t.violations, 0);
    assert_true(t.signatures > KILLS / 2 && t.refused > KILLS / 2 && t.faults > KILLS / 10);
    trial_deinit(&t);
}

/* Goal: the checker sees a signer that answers before it saves, and one that at its start takes
 * what the kernel shows for what lasts. Method: the same trial with each. */
static void test_checker_notices(void **state)
{
    static const enum sim_wrong wrongs[] = {SIM_SAVES_LATE, SIM_TRUSTS_KERNEL};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        struct trial t;
        trial_init(&t);
        for (uint64_t more = 1; t.violations == 0 && more <= 8; more++) {
            run(&t, more * KILLS / 4, wrongs[i]);
        }
        assert_true(t.violations > 0);
        trial_deinit(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never_two_histories),
        cmocka_unit_test(test_checker_notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
