#include "isa.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)

// What the targets of for_each_isa.h name and what these imply; `clang -S -emit-llvm` shows it as the
// target-features of a function. A hypervisor may hide any of them from a processor that has the others.
#define NK_AVX2_FEATURES(X) \
  X("sse3") X("ssse3") X("sse4.1") X("sse4.2") X("popcnt") X("avx") X("avx2") X("fma") X("bmi2")
#define NK_AVX512_FEATURES(X) \
  NK_AVX2_FEATURES(X) X("f16c") X("avx512f") X("avx512vl") X("avx512bw") X("avx512dq")

// Features are numbered by their place in the longer list. That the system saves the registers is part
// of the answers for avx and avx512.
#define NK_TEST(name) features |= (uint64_t)(__builtin_cpu_supports(name) != 0) << index++;
#define NK_COUNT(name) +1

uint64_t nk_processor_features(void) {
  uint64_t features = 0;
  int index = 0;
  __builtin_cpu_init();
  NK_AVX512_FEATURES(NK_TEST)
  return features;
}

uint64_t nk_required_features(nk_isa isa) {
  switch (isa) {
    case NK_ISA_PORTABLE:
      return 0;
    case NK_ISA_AVX2:
      return ((uint64_t)1 << (0 NK_AVX2_FEATURES(NK_COUNT))) - 1;
    case NK_ISA_AVX512:
      return ((uint64_t)1 << (0 NK_AVX512_FEATURES(NK_COUNT))) - 1;
  }
  return UINT64_MAX;
}

#else

uint64_t nk_processor_features(void) { return 0; }

uint64_t nk_required_features(nk_isa isa) { return isa == NK_ISA_PORTABLE ? 0 : UINT64_MAX; }

#endif

bool nk_isa_available(nk_isa isa) {
  return (nk_required_features(isa) & ~nk_processor_features()) == 0;
}

const char *nk_isa_name(nk_isa isa) {
  switch (isa) {
    case NK_ISA_AVX512:
      return "avx512";
    case NK_ISA_AVX2:
      return "avx2";
    case NK_ISA_PORTABLE:
      break;
  }
  return "portable";
}

// The name that NEEDLETAIL_ISA gives; NULL where it gives none.
static const char *wanted_name(void) {
  const char *name = getenv("NEEDLETAIL_ISA");
  return name == NULL || name[0] == 0 ? NULL : name;
}

// The build that is wanted and to be had, or -1.
static int wanted_isa(void) {
  const char *name = wanted_name();
  if (name == NULL) return -1;
  for (int isa = NK_ISA_PORTABLE; isa <= NK_ISA_AVX512; isa++) {
    if (strcmp(name, nk_isa_name((nk_isa)isa)) == 0) return nk_isa_available((nk_isa)isa) ? isa : -1;
  }
  return -1;
}

static nk_isa choose(void) {
  int wanted = wanted_isa();
  if (wanted >= 0) return (nk_isa)wanted;
  return nk_isa_available(NK_ISA_AVX512) ? NK_ISA_AVX512
         : nk_isa_available(NK_ISA_AVX2) ? NK_ISA_AVX2
                                         : NK_ISA_PORTABLE;
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

const char *nk_refused_isa(void) { return wanted_isa() < 0 ? wanted_name() : NULL; }
