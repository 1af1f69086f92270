/*
 * The simulated practice's server: the real door, committer, core, store and link to the signer, on
 * the disk of disk.h. server.c starts it, lets it take its turns and kills it; transport.c stands
 * between its door and the links.
 *
 * A frame that came waits in the committer's queue until server_turn; then all that waits is one
 * batch. What the door sends goes out through inproc_send, a page's pieces as their reader takes
 * them. One thread.
 */
#pragma once

#include "tests/sim/dice.h"

struct world;
struct inproc_link;

/* Takes over the practice that was founded in world->server. */
void server_open(struct world *world);
void server_close(struct world *world);

/* One turn of the committer, or of whoever starts a server that is down. False: nothing moved. */
bool server_turn(struct world *world);
/* Gives the reader what waits for it: the next piece of a page. False: nothing does. */
bool server_gives(struct world *world, struct inproc_link *link);
bool server_is_up(void);
/* Dies now; |power|: and with it all that did not last, of the signer's disk too. */
void server_kill(struct world *world, bool power, struct dice *dice);
/* Keeps a copy of the database, or puts back the one that was kept: that must not be served, and then
 * the newest is put back again. */
void server_backup(struct world *world, struct dice *dice);
/* Whether whoever is answered next loses the line instead. */
void server_lose_next(bool lose);
/* It dies soon after each of its next |starts|, and after this moment: power and signer go now and
 * then. 0: no more. */
void server_flickers(unsigned starts, struct dice *dice);
/* The power goes when the process dies of what is planned (disk.dies_in). */
void server_power_goes_with_it(bool power);
