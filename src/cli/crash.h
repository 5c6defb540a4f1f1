/* What a shared object does while it is loaded and set up is not ours, and may end the process:
 * this says which object it was. */
#ifndef GARM_CLI_CRASH_H
#define GARM_CLI_CRASH_H

/** From now on a crash of the process (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) is one line on
 *  standard error, "WHO: OBJECT crashed while it was DOING: Segmentation fault", and the exit
 *  status 1. Not while another watch is on. */
void crash_watch(const char *who, const char *object, const char *doing);
/** Puts back what handled these signals before. In the same thread. */
void crash_unwatch(void);

#endif
