#include "tests/sim/signer.h"

#include "server/signer/signer_file.h"
#include "server/signer/signer_protocol.h"
#include "tests/sim/disk.h"
#include "tests/sim/world.h"
#include "tests/support/test.h"
#include "tests/unit/signer/signer_disk_sim.h"

#include <sys/socket.h>
#include <unistd.h>

enum dies { DIES_NOT, DIES_UNASKED, DIES_UNHEARD };

static struct {
    struct world *world;
    char folder[96];
    struct log_key *key;
    struct signer_file file;
    bool runs;
    bool no_room;
    enum dies dies;
    uint64_t seed;
    size_t out_size, out_taken;
    uint8_t out[SIGNER_LENGTH_BYTES + SIGNER_REPLY_BYTES_MAX];
} signer;

void signer_open(struct world *world, const char *folder, struct public_key *out_key)
{
    memset(&signer, 0, sizeof signer);
    signer.world = world;
    (void)snprintf(signer.folder, sizeof signer.folder, "%s", folder);
    OK(signer_file_init(folder, out_key));
    OK(signer_file_key(folder, &signer.key));
    sim_reset(&signer.seed, SIM_RIGHT);
}

static void end(void)
{
    if (signer.runs) {
        signer_file_close(&signer.file);
    }
    signer.runs = false;
    signer.out_size = signer.out_taken = 0;
}

void signer_close(void)
{
    end();
    log_key_close(signer.key);
}

void signer_step(struct dice *dice)
{
    signer.seed = dice_next(dice);
}

void signer_fault(enum signer_fault fault, struct dice *dice)
{
    uint64_t after = dice_below(dice, 6);
    if (fault == SIGNER_KILLED && after < 2) {
        signer.dies = after == 0 ? DIES_UNASKED : DIES_UNHEARD;
    } else if (fault == SIGNER_KILLED) {
        sim_start(dice_chance(dice, 500) ? SIM_KILL : SIM_KILL_ALONE, after - 2);
    } else if (fault == SIGNER_ERROR) {
        sim_start(SIM_ERROR, after);
    } else {
        signer.no_room = true;
    }
}

void signer_fault_end(void)
{
    signer.no_room = false;
    signer.dies = DIES_NOT;
    sim_start(SIM_NONE, 0);
}

void signer_power_cut(void)
{
    end();
    sim_power_cut();
}

/* What it signed, it signed: nothing that it ever gave may contradict this. */
static void given(const struct signer_request *request)
{
    for (unsigned i = 0; i < SIGNER_LOGS; i++) {
        check_head(signer.world, i, request->logs[i].new_size, &request->logs[i].root);
    }
}

static void answer(struct span bytes)
{
    static struct signer_request request;
    static struct signer_reply reply;
    if (signer.no_room) {
        sim_start(SIM_FULL, 0);
    }
    OK(signer_protocol_get_request(bytes, &request));
    signer_file_answer(&signer.file, signer.key, &request, &reply);
    if (sim.dead || signer.dies == DIES_UNHEARD) {
        signer.dies = DIES_NOT;
        end();
        return;
    }
    if (reply.answer == SIGNER_SIGNED) {
        given(&request);
    }
    size_t size = 0;
    OK(signer_protocol_put_reply(&reply, signer.out + SIGNER_LENGTH_BYTES, SIGNER_REPLY_BYTES_MAX,
                                 &size));
    signer_protocol_put_length(signer.out, size);
    signer.out_size = SIGNER_LENGTH_BYTES + size;
    signer.out_taken = 0;
}

/* ---- the linker's and the C library's names
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

enum status __wrap_disk_send(int fd, struct span bytes);
enum status __wrap_disk_receive(int fd, void *out, size_t size);

enum status __wrap_disk_send(int fd, struct span bytes)
{
    (void)fd;
    if (!disk_alive() || !signer.runs) {
        return STATUS_IO;
    }
    if (signer.dies == DIES_UNASKED) {
        signer.dies = DIES_NOT;
        end();
        return STATUS_OK; /* the kernel took it */
    }
    answer(span_of(bytes.data + SIGNER_LENGTH_BYTES, bytes.size - SIGNER_LENGTH_BYTES));
    return STATUS_OK;
}

enum status __wrap_disk_receive(int fd, void *out, size_t size)
{
    (void)fd;
    if (!disk_alive() || size > signer.out_size - signer.out_taken) {
        return STATUS_IO;
    }
    memcpy(out, signer.out + signer.out_taken, size);
    signer.out_taken += size;
    return STATUS_OK;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* All that the server has of the process that starts signers. */
static uint8_t starter;

struct signer_starter *signer_starter(void)
{
    return (struct signer_starter *)(void *)&starter;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum status __wrap_signer_starter_start(struct signer_starter *asked,
                                        const struct practice_id *practice, int *out_fd);
void __wrap_signer_starter_end(struct signer_starter *asked);
bool __wrap_signer_starter_lost(const struct signer_starter *asked);

enum status __wrap_signer_starter_start(struct signer_starter *asked,
                                        const struct practice_id *practice, int *out_fd)
{
    (void)asked;
    int ends[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    (void)close(ends[1]);
    *out_fd = ends[0]; /* for its options alone: what goes over it is taken above */
    end();
    sim_start(signer.no_room ? SIM_FULL : SIM_NONE, 0);
    signer.runs = signer_file_open(signer.folder, practice, &signer.file) == STATUS_OK;
    for (unsigned i = 0; signer.runs && i < SIGNER_LOGS; i++) {
        if (signer.file.state.sizes[i] < signer.world->newest[i]) {
            world_fail(signer.world, "the signer remembers less of log %u than it signed", i);
        }
    }
    return STATUS_OK;
}

void __wrap_signer_starter_end(struct signer_starter *asked)
{
    (void)asked;
    end();
}

bool __wrap_signer_starter_lost(const struct signer_starter *asked)
{
    (void)asked;
    return false;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
