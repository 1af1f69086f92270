#include "signer_disk_sim.h"

#include "store_fixture.h"
#include "tests/support/test.h"

struct sim sim;

static uint64_t below(uint64_t limit)
{
    return fixture_random(sim.seed) % limit;
}

void sim_reset(uint64_t *seed, enum sim_wrong wrong)
{
    static const struct practice_id none;
    memset(&sim, 0, sizeof sim);
    sim.seed = seed;
    sim.wrong = wrong;
    sim.garbage = below(2) == 0;
    struct signer_state empty;
    signer_state_init(&empty, &none);
    signer_state_encode(&empty, sim.disk[0]);
    memcpy(sim.kernel, sim.disk, sizeof sim.disk);
}

void sim_start(enum sim_fault fault, uint64_t after)
{
    sim.dead = false;
    sim.faulty = false;
    sim.late = false;
    sim.skips_second = false;
    sim.fault = fault;
    sim.after = after;
}

static void persist(uint64_t slot)
{
    memcpy(sim.disk[slot], sim.kernel[slot], SIGNER_STATE_BYTES);
    sim.dirty[slot] = false;
}

/* A part of what the kernel has comes to the disk, at any byte. */
static void tear(uint64_t slot)
{
    uint64_t from = below(SIGNER_STATE_BYTES);
    uint64_t size = below(SIGNER_STATE_BYTES - from + 1);
    memcpy(sim.disk[slot] + from, sim.kernel[slot] + from, size);
    if (sim.garbage && below(2) == 0) {
        fixture_random_bytes(sim.seed, sim.disk[slot] + from, size);
    }
}

void sim_power_cut(void)
{
    for (uint64_t slot = 0; slot < SIGNER_DISK_SLOTS; slot++) {
        uint64_t how = sim.dirty[slot] ? below(4) : 3;
        if (how == 0) {
            persist(slot);
        } else if (how == 1) {
            tear(slot);
        } /* else it is lost */
        memcpy(sim.kernel[slot], sim.disk[slot], SIGNER_STATE_BYTES);
        sim.dirty[slot] = false;
    }
}

bool sim_is_dirty(void)
{
    bool dirty = false;
    for (uint64_t slot = 0; slot < SIGNER_DISK_SLOTS; slot++) {
        dirty = dirty || sim.dirty[slot];
    }
    return dirty;
}

static bool due(void)
{
    bool now = sim.fault != SIM_NONE && !sim.faulty && sim.after == 0;
    sim.after -= sim.after > 0 ? 1 : 0;
    sim.faulty = sim.faulty || now;
    return now;
}

static enum status failing(void)
{
    if (sim.fault == SIM_KILL || sim.fault == SIM_KILL_ALONE) {
        sim.dead = true;
        if (sim.fault == SIM_KILL && below(2) == 0) {
            sim_power_cut();
        }
    }
    return sim.fault == SIM_FULL ? STATUS_FULL : STATUS_IO;
}

/* The linker's names for the wrapped functions. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum status __wrap_signer_disk_read(int fd, uint64_t slot, void *out, size_t size);
enum status __wrap_signer_disk_write(int fd, uint64_t slot, struct span bytes);
enum status __wrap_signer_disk_sync(int fd);

enum status __wrap_signer_disk_read(int fd, uint64_t slot, void *out, size_t size)
{
    (void)fd;
    assert_true(size <= SIGNER_STATE_BYTES);
    if (sim.dead || (due() && sim.fault != SIM_FULL)) {
        return failing();
    }
    memcpy(out, sim.kernel[slot], size);
    return STATUS_OK;
}

static void write_part(uint64_t slot, const uint8_t *bytes, uint64_t size)
{
    memcpy(sim.kernel[slot], bytes, size);
    sim.dirty[slot] = sim.dirty[slot] || size > 0;
}

static bool starts(struct span bytes)
{
    struct signer_state state;
    OK(signer_state_decode(bytes, &state));
    return state.again;
}

enum status __wrap_signer_disk_write(int fd, uint64_t slot, struct span bytes)
{
    (void)fd;
    assert_int_equal(bytes.size, SIGNER_STATE_BYTES);
    if (sim.dead) {
        return STATUS_IO;
    }
    if (sim.late) {
        write_part(sim.late_slot, sim.late_bytes, SIGNER_STATE_BYTES);
        persist(sim.late_slot);
        sim.late = false;
    }
    if (sim.wrong == SIM_TRUSTS_KERNEL && (starts(bytes) || sim.skips_second)) {
        sim.skips_second = starts(bytes); /* a start writes twice */
        sim.skips_sync = true;
        return STATUS_OK;
    }
    if (due()) {
        uint64_t part = below(3);
        write_part(slot, bytes.data,
                   part == 0   ? 0
                   : part == 1 ? below(bytes.size)
                               : (uint64_t)bytes.size);
        return failing();
    }
    if (sim.wrong == SIM_SAVES_LATE && !starts(bytes)) {
        sim.late = true;
        sim.late_slot = slot;
        memcpy(sim.late_bytes, bytes.data, bytes.size);
        return STATUS_OK;
    }
    write_part(slot, bytes.data, bytes.size);
    if (below(4) == 0) { /* the kernel may write at any time */
        persist(slot);
    }
    return STATUS_OK;
}

/* A part of the slots comes to the disk; of the others the kernel may say that they did. */
static enum status fail_sync(void)
{
    for (uint64_t slot = 0; slot < SIGNER_DISK_SLOTS; slot++) {
        if (!sim.dirty[slot]) {
            continue;
        }
        uint64_t how = below(4);
        if (how == 0) {
            persist(slot);
        } else if (how == 1 && !sim.garbage) {
            tear(slot);
            sim.dirty[slot] = false;
        } else if (how == 2 && !sim.garbage) {
            sim.dirty[slot] = false;
        }
    }
    return failing();
}

enum status __wrap_signer_disk_sync(int fd)
{
    (void)fd;
    if (sim.dead) {
        return STATUS_IO;
    }
    if (sim.skips_sync) {
        sim.skips_sync = false;
        return STATUS_OK;
    }
    if (due()) {
        return sim.fault == SIM_KILL_ALONE ? failing() : fail_sync();
    }
    for (uint64_t slot = 0; slot < SIGNER_DISK_SLOTS; slot++) {
        if (sim.dirty[slot]) {
            persist(slot);
        }
    }
    return STATUS_OK;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
