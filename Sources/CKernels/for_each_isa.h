// Compiles the file that NK_FAMILY names once per instruction set.
//
// The file defines `static` functions through NK_NAME(name) and may use
//   NK_WIDTH    floats in a vector register (16, 8, 4)
//   nk_vf       a vector of NK_WIDTH floats;  nk_vi  of NK_WIDTH 32-bit integers
//   nk_load, nk_store, nk_set1 and, for the last elements of an array, nk_load_part, nk_store_part
// Sums are written as vector code, never left to reassociation, so that a build always gives the
// same bits. NK_DISPATCH defines the public function that chooses among the builds.
//
// No include guard: each family includes it once.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "include/isa.h"

#pragma clang fp contract(fast)

#define NK_PASTE_(a, b) a##b
#define NK_PASTE(a, b) NK_PASTE_(a, b)
#define NK_NAME(name) NK_PASTE(name, NK_SUFFIX)
#define NK_INLINE static inline __attribute__((always_inline, unused))
#define NK_UNROLL _Pragma("clang loop unroll(full)")

NK_INLINE void nk_end_streams(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

#if defined(__x86_64__)

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,avx2,bmi2"))), \
    apply_to = function)
#define NK_SUFFIX _avx512
#define NK_WIDTH 16
#include "vector.h"
#include NK_FAMILY
#undef NK_SUFFIX
#undef NK_WIDTH
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx2,fma,bmi2"))), apply_to = function)
#define NK_SUFFIX _avx2
#define NK_WIDTH 8
#include "vector.h"
#include NK_FAMILY
#undef NK_SUFFIX
#undef NK_WIDTH
#pragma clang attribute pop

#endif

#define NK_SUFFIX _portable
#define NK_WIDTH 4
#include "vector.h"
#include NK_FAMILY
#undef NK_SUFFIX
#undef NK_WIDTH

#if defined(__x86_64__)
#define NK_DISPATCH(type, name, parameters, arguments) \
  type name parameters {                               \
    switch (nk_active_isa()) {                         \
      case NK_ISA_AVX512:                              \
        return name##_avx512 arguments;                \
      case NK_ISA_AVX2:                                \
        return name##_avx2 arguments;                  \
      case NK_ISA_PORTABLE:                            \
        break;                                         \
    }                                                  \
    return name##_portable arguments;                  \
  }
#else
#define NK_DISPATCH(type, name, parameters, arguments) \
  type name parameters { return name##_portable arguments; }
#endif
