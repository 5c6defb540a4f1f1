// The same as C++20.
#include "uses.c"
