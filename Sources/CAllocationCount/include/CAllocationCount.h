#ifndef NEEDLETAIL_CALLOCATION_COUNT_H
#define NEEDLETAIL_CALLOCATION_COUNT_H

#include <stdbool.h>

// For tests only: counts how often the process takes memory from the heap, on any thread.
//
// Defines malloc and its relatives for the program it is linked into, over those of glibc.

/// Whether allocations are counted: with glibc, and without a sanitizer, which needs the names
/// itself.
bool allocation_count_works(void);

/// How often memory was taken since the process began.
long allocation_count(void);

#endif
