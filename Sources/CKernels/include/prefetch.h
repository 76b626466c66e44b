#ifndef NEEDLETAIL_CKERNELS_PREFETCH_H
#define NEEDLETAIL_CKERNELS_PREFETCH_H

#include <stddef.h>

/// Asks for `count` floats to be brought into the second-level cache. They need not exist.
static inline void nk_prefetch(const float *p, size_t count) {
  for (size_t i = 0; i < count; i += 16) __builtin_prefetch(p + i, 0, 2);
}

#endif
