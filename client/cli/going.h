/*
 * What is lost to others when somebody goes: said before their account is closed or their last
 * device revoked.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

/*
 * CLI_OK: nothing is, or |yes| was said. Else says which charts, as far as this person may know
 * them, and what to do first, and gives CLI_REFUSED. |how| says what would happen, as the rest of a
 * sentence: "is suspended". An admin sees no section of a chart: who treats whom says it.
 */
int going_judge(struct cli *cli, const struct view_member *member, const char *how, bool yes);
