/* What a set-up that cannot be is refused with. */
#ifndef TESTS_UNIT_MW_REFUSAL_H
#define TESTS_UNIT_MW_REFUSAL_H

#include <garm/garm.h>

/** The line with which the start is refused; fails the test if it is not. Valid until the next
 *  call. */
const char *refusal_of(void (*setup)(garm_app *app));

#endif
