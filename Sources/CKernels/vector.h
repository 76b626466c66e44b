// Vector types and their loads and stores for the instruction set being compiled.
// Included by for_each_isa.h once per instruction set; no include guard.

#undef nk_vf
#undef nk_vi
#undef nk_load
#undef nk_store
#undef nk_set1
#undef nk_load_part
#undef nk_store_part
#undef nk_load_up_to
#undef nk_store_up_to
#undef nk_positive
#undef nk_vf_line
#undef nk_stream
#define nk_vf NK_NAME(nk_vf_)
#define nk_vi NK_NAME(nk_vi_)
#define nk_load NK_NAME(nk_load_)
#define nk_store NK_NAME(nk_store_)
#define nk_set1 NK_NAME(nk_set1_)
#define nk_load_part NK_NAME(nk_load_part_)
#define nk_store_part NK_NAME(nk_store_part_)
#define nk_load_up_to NK_NAME(nk_load_up_to_)
#define nk_store_up_to NK_NAME(nk_store_up_to_)
#define nk_positive NK_NAME(nk_positive_)
#define nk_vf_line NK_NAME(nk_vf_line_)
#define nk_stream NK_NAME(nk_stream_)

// aligned(4): loads and stores need no alignment. may_alias: they read what others wrote.
typedef float nk_vf __attribute__((vector_size(NK_WIDTH * 4), aligned(4), may_alias));
typedef int32_t nk_vi __attribute__((vector_size(NK_WIDTH * 4), aligned(4), may_alias));

NK_INLINE nk_vf nk_load(const float *p) { return *(const nk_vf *)p; }
NK_INLINE void nk_store(float *p, nk_vf v) { *(nk_vf *)p = v; }

// A store past the caches, at a multiple of a vector's size: the processor does not read the line first.
// A thread fences (nk_end_streams) before it tells others.
typedef float nk_vf_line
    __attribute__((vector_size(NK_WIDTH * 4), aligned(NK_WIDTH * 4), may_alias));
NK_INLINE void nk_stream(float *p, nk_vf v) {
  __builtin_nontemporal_store((nk_vf_line)v, (nk_vf_line *)p);
}

NK_INLINE nk_vf nk_set1(float x) { return x - (nk_vf){0}; }

// The first `count` (less than NK_WIDTH) elements; the others are zero. By masks where there are
// any: a copy through memory waits for its own stores.
#if NK_WIDTH == 16
NK_INLINE nk_vf nk_load_part(const float *p, size_t count) {
  return (nk_vf)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}
NK_INLINE void nk_store_part(float *p, nk_vf v, size_t count) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
}
#elif NK_WIDTH == 8
NK_INLINE nk_vf nk_load_part(const float *p, size_t count) {
  nk_vi mask = (nk_vi){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)count;
  return (nk_vf)_mm256_maskload_ps(p, (__m256i)mask);
}
NK_INLINE void nk_store_part(float *p, nk_vf v, size_t count) {
  nk_vi mask = (nk_vi){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)count;
  _mm256_maskstore_ps(p, (__m256i)mask, (__m256)v);
}
#else
NK_INLINE nk_vf nk_load_part(const float *p, size_t count) {
  nk_vf v = {0};
  NK_UNROLL for (size_t i = 0; i < NK_WIDTH - 1; i++) if (i < count) v[i] = p[i];
  return v;
}
NK_INLINE void nk_store_part(float *p, nk_vf v, size_t count) {
  NK_UNROLL for (size_t i = 0; i < NK_WIDTH - 1; i++) if (i < count) p[i] = v[i];
}
#endif

// As many of the next `rest` elements as a vector holds; the others are zero.
NK_INLINE nk_vf nk_load_up_to(const float *p, size_t rest) {
  return rest >= NK_WIDTH ? nk_load(p) : nk_load_part(p, rest);
}

NK_INLINE void nk_store_up_to(float *p, nk_vf v, size_t rest) {
  if (rest >= NK_WIDTH)
    nk_store(p, v);
  else
    nk_store_part(p, v, rest);
}

// max(0, v); NaN stays.
NK_INLINE nk_vf nk_positive(nk_vf v) {
#if NK_WIDTH == 16
  return (nk_vf)_mm512_max_ps(_mm512_setzero_ps(), (__m512)v);
#elif NK_WIDTH == 8
  return (nk_vf)_mm256_max_ps(_mm256_setzero_ps(), (__m256)v);
#else
  nk_vi negative = v < (nk_vf){0};
  return (nk_vf)((nk_vi)v & ~negative);
#endif
}

// Keeps loads behind the sum so far: else the compiler fetches all factors of a tile's column first,
// and has no registers left for the sums (measured: half the speed).
#undef NK_KEEP_ORDER
#if defined(__x86_64__)
#define NK_KEEP_ORDER(sum) __asm__ volatile("" : "+v"(sum) : : "memory")
#else
#define NK_KEEP_ORDER(sum) __asm__ volatile("" : : : "memory")
#endif
