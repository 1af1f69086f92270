/* From the words of a command line to its exit code. */
#pragma once

/* Takes the global options out, finds the command and runs it here, or in the profile's
 * agent when one is unlocked. */
int main_loop(int argc, char **argv);
