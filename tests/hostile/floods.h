/*
 * Many connections, or much that is nothing, while somebody else wants to log in. Each flood
 * prints a line; the first fault ends the program.
 */
#pragma once

#include "keys/private/keystore.h"

#include <sys/types.h>

void floods(uint16_t port, pid_t server, const struct keystore_content *content);
