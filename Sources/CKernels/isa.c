#include "isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

bool nk_isa_available(nk_isa isa) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (isa) {
    case NK_ISA_PORTABLE:
      return true;
    case NK_ISA_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case NK_ISA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  }
  return false;
#else
  return isa == NK_ISA_PORTABLE;
#endif
}

static nk_isa choose(void) {
  nk_isa best = nk_isa_available(NK_ISA_AVX512) ? NK_ISA_AVX512
                : nk_isa_available(NK_ISA_AVX2) ? NK_ISA_AVX2
                                                : NK_ISA_PORTABLE;
  const char *wanted = getenv("NEEDLETAIL_ISA");
  if (wanted == NULL) return best;
  nk_isa named = best;
  if (strcmp(wanted, "portable") == 0) named = NK_ISA_PORTABLE;
  if (strcmp(wanted, "avx2") == 0) named = NK_ISA_AVX2;
  if (strcmp(wanted, "avx512") == 0) named = NK_ISA_AVX512;
  return nk_isa_available(named) ? named : best;
}

nk_isa nk_active_isa(void) {
  // Two threads that meet here choose the same value, so a relaxed store is enough.
  static _Atomic int chosen = -1;
  int isa = atomic_load_explicit(&chosen, memory_order_relaxed);
  if (isa < 0) {
    isa = (int)choose();
    atomic_store_explicit(&chosen, isa, memory_order_relaxed);
  }
  return (nk_isa)isa;
}
