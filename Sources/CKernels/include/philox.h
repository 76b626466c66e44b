#ifndef NEEDLETAIL_CKERNELS_PHILOX_H
#define NEEDLETAIL_CKERNELS_PHILOX_H

#include <stdint.h>

/// Four words of random bits.
typedef struct {
  uint32_t word[4];
} nk_philox_block;

/// The block at position `counter` of the stream `stream` of the generator keyed by `key`.
///
/// Philox4x32-10: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3"
/// (SC 2011). A pure function: no state.
static inline nk_philox_block nk_philox(uint64_t key, uint64_t stream, uint64_t counter) {
  uint32_t c0 = (uint32_t)counter, c1 = (uint32_t)(counter >> 32);
  uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0;
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
    uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  nk_philox_block block = {{c0, c1, c2, c3}};
  return block;
}

#endif
