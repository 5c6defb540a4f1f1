/* The names of functions, as far as the files that they come from still know them. */
#ifndef GARM_CLI_SYMBOLS_H
#define GARM_CLI_SYMBOLS_H

#include "base/arena.h"

/** The name of the function at this address, static ones included where the file was not stripped;
 *  in `arena`. NULL if it is not known. */
const char *symbol_name(const void *function, struct arena *arena);

#endif
