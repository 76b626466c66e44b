#ifndef NEEDLETAIL_CKERNELS_THREAD_MODE_H
#define NEEDLETAIL_CKERNELS_THREAD_MODE_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/// Makes this thread flush denormal numbers to zero, in results and operands.
/// Returns the mode to give to `nk_restore_float_mode`.
static inline uint64_t nk_flush_denormals(void) {
#if defined(__x86_64__)
  uint32_t mode = _mm_getcsr();
  _mm_setcsr(mode | 0x8040);  // FTZ, DAZ
  return mode;
#elif defined(__aarch64__)
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  __asm__ volatile("msr fpcr, %0" : : "r"(mode | (1ull << 24)));  // FZ
  return mode;
#else
  return 0;
#endif
}

/// The floating-point control register of this thread.
static inline uint64_t nk_float_mode(void) {
#if defined(__x86_64__)
  return _mm_getcsr();
#elif defined(__aarch64__)
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#else
  return 0;
#endif
}

/// Restores what `nk_flush_denormals` returned.
static inline void nk_restore_float_mode(uint64_t mode) {
#if defined(__x86_64__)
  _mm_setcsr((uint32_t)mode);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
#else
  (void)mode;
#endif
}

/// Tells the processor that this thread is spinning.
static inline void nk_spin_pause(void) {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

#endif
