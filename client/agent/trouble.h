/* What the end of a connection says about when to come back (backoff.h). Pure. */
#pragma once

#include "client/engine/common/backoff.h"
#include "client/engine/common/types.h"
#include "client/wire/wire.h"

/* |was_open|: the connection came about, so that |phase| and |why| of the engine are about it, and
 * go before |end|. */
enum backoff_trouble trouble_of(bool was_open, enum engine_phase phase, enum status why,
                                enum wire_end end);
