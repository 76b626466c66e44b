#ifndef NEEDLETAIL_CKERNELS_ISA_H
#define NEEDLETAIL_CKERNELS_ISA_H

#include <stdbool.h>

/// The builds of the inner loops.
typedef enum {
  /// The baseline of the processor family: SSE2 on x86-64, NEON on arm64.
  NK_ISA_PORTABLE = 0,
  /// AVX2 with FMA.
  NK_ISA_AVX2 = 1,
  /// AVX-512 F, VL, BW and DQ.
  NK_ISA_AVX512 = 2,
} nk_isa;

/// The build in use: the best this processor runs, or the one that the environment variable
/// `NEEDLETAIL_ISA` (portable, avx2, avx512) names if the processor has it. Chosen once.
nk_isa nk_active_isa(void);

/// Whether this processor runs the given build.
bool nk_isa_available(nk_isa isa);

#endif
