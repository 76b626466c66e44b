// The larger of two vectors with its place, and places as bytes, for the instruction set being
// compiled. No include guard.

// NK_WIDTH bytes.
#undef nk_vb
#define nk_vb NK_NAME(nk_vb_)
typedef uint8_t nk_vb __attribute__((vector_size(NK_WIDTH), aligned(1), may_alias));

// The first of equals wins; NaN is larger than anything, the last NaN wins.
NK_INLINE void NK_NAME(larger)(nk_vf *best, nk_vi *where, nk_vf value, int32_t place) {
  const nk_vi wins = (value > *best) | (value != value);
  const nk_vi here = (nk_vi){0} + place;
  *best = (nk_vf)(((nk_vi)value & wins) | ((nk_vi)*best & ~wins));
  *where = (here & wins) | (*where & ~wins);
}

// As many of the next `rest` bytes as a vector has elements; the others are zero.
NK_INLINE nk_vi NK_NAME(load_bytes)(const uint8_t *bytes, size_t rest) {
  nk_vb v = {0};
  if (rest >= NK_WIDTH)
    v = *(const nk_vb *)bytes;
  else
    memcpy(&v, bytes, rest);
  return __builtin_convertvector(v, nk_vi);
}

NK_INLINE void NK_NAME(store_bytes)(uint8_t *bytes, nk_vi values, size_t rest) {
  const nk_vb v = __builtin_convertvector(values, nk_vb);
  if (rest >= NK_WIDTH)
    *(nk_vb *)bytes = v;
  else
    memcpy(bytes, &v, rest);
}

// The largest of the four values of a window of 2 × 2, rectified with `relu`, and its place, or that it
// has no gradient.
NK_INLINE void NK_NAME(store_maximum)(const nk_vf values[4], bool relu, size_t rest, float *y,
                                      uint8_t *indices) {
  nk_vf best = relu ? nk_positive(values[0]) : values[0];
  nk_vi where = {0};
  if (relu) where = (values[0] <= (nk_vf){0}) & NK_NOWHERE;
  NK_UNROLL for (int q = 1; q < 4; q++) NK_NAME(larger)(&best, &where, values[q], q);
  nk_store_up_to(y, best, rest);
  if (indices) NK_NAME(store_bytes)(indices, where, rest);
}
