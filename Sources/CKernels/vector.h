// Vector types and their loads and stores for the instruction set being compiled.
// Included by for_each_isa.h once per instruction set; no include guard.

#undef nk_vf
#undef nk_vi
#undef nk_load
#undef nk_store
#undef nk_set1
#undef nk_load_part
#undef nk_store_part
#define nk_vf NK_NAME(nk_vf_)
#define nk_vi NK_NAME(nk_vi_)
#define nk_load NK_NAME(nk_load_)
#define nk_store NK_NAME(nk_store_)
#define nk_set1 NK_NAME(nk_set1_)
#define nk_load_part NK_NAME(nk_load_part_)
#define nk_store_part NK_NAME(nk_store_part_)

// aligned(4): loads and stores need no alignment. may_alias: they read what others wrote.
typedef float nk_vf __attribute__((vector_size(NK_WIDTH * 4), aligned(4), may_alias));
typedef int32_t nk_vi __attribute__((vector_size(NK_WIDTH * 4), aligned(4), may_alias));

NK_INLINE nk_vf nk_load(const float *p) { return *(const nk_vf *)p; }
NK_INLINE void nk_store(float *p, nk_vf v) { *(nk_vf *)p = v; }
NK_INLINE nk_vf nk_set1(float x) { return x - (nk_vf){0}; }

// The first `count` (less than NK_WIDTH) elements; the others are zero.
NK_INLINE nk_vf nk_load_part(const float *p, size_t count) {
  float lanes[NK_WIDTH] = {0};
  memcpy(lanes, p, count * sizeof(float));
  return nk_load(lanes);
}
NK_INLINE void nk_store_part(float *p, nk_vf v, size_t count) {
  float lanes[NK_WIDTH];
  nk_store(lanes, v);
  memcpy(p, lanes, count * sizeof(float));
}
