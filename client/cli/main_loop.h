/* From the words of a command line to its exit code. */
#pragma once

/* Parses the words, and runs the command here, or in the profile's agent when one is unlocked. */
int main_loop(int argc, char **argv);
