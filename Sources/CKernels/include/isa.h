#ifndef NEEDLETAIL_CKERNELS_ISA_H
#define NEEDLETAIL_CKERNELS_ISA_H

#include <stdbool.h>
#include <stdint.h>

/// The builds of the inner loops.
typedef enum {
  /// The baseline of the processor family: SSE2 on x86-64, NEON on arm64.
  NK_ISA_PORTABLE = 0,
  /// AVX2 with FMA and BMI2.
  NK_ISA_AVX2 = 1,
  /// AVX-512 F, VL, BW and DQ, and what AVX2 takes.
  NK_ISA_AVX512 = 2,
} nk_isa;

/// The build in use: the best this processor runs, or the one that the environment variable
/// `NEEDLETAIL_ISA` (portable, avx2, avx512) names if the processor has it. Chosen once.
nk_isa nk_active_isa(void);

/// The name by which `NEEDLETAIL_ISA` asks for a build.
const char *nk_isa_name(nk_isa isa);

/// What `NEEDLETAIL_ISA` asked for and did not get, because it is no name of a build or the processor
/// does not run it; NULL where the variable is unset, empty or honoured.
const char *nk_refused_isa(void);

/// Whether this processor runs the given build.
bool nk_isa_available(nk_isa isa);

/// A set of the processor's features: a bit for each, in an order of no meaning.
///
/// Those that this processor has and that the system lets programs use: of vectors, it must save the
/// registers.
uint64_t nk_processor_features(void);

/// The features that the compiler may use in a build, as `for_each_isa.h` lets it.
uint64_t nk_required_features(nk_isa isa);

#endif
