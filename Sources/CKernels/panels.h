// How the columns of a packed matrix are cut into panels, and which tiles there are, for the
// instruction set being compiled. No include guard.

#undef NK_PANEL_VECTORS
#undef NK_TILE_MOST_ROWS
#undef NK_EACH_TILE
#undef NK_TILES_6
#define NK_TILES_6(T, vectors) \
  T(1, vectors) T(2, vectors) T(3, vectors) T(4, vectors) T(5, vectors) T(6, vectors)

// As many rows as fit the registers beside a panel's row and a factor: 32 registers or 16.
#if NK_WIDTH == 16
#define NK_PANEL_VECTORS 4
#define NK_TILE_MOST_ROWS 14
#undef NK_TILES_14
#define NK_TILES_14(T, vectors)                                                               \
  NK_TILES_6(T, vectors)                                                                      \
  T(7, vectors) T(8, vectors) T(9, vectors) T(10, vectors) T(11, vectors) T(12, vectors)      \
  T(13, vectors) T(14, vectors)
#define NK_EACH_TILE(T) \
  NK_TILES_14(T, 1) NK_TILES_14(T, 2) NK_TILES_6(T, 3) T(7, 3) T(8, 3) T(9, 3) NK_TILES_6(T, 4)
NK_INLINE size_t NK_NAME(nk_tile_rows)(size_t vectors) {
  return vectors == 4 ? 6 : vectors == 3 ? 9 : 14;
}
#else
#define NK_PANEL_VECTORS 2
#define NK_TILE_MOST_ROWS 6
#define NK_EACH_TILE(T) NK_TILES_6(T, 1) NK_TILES_6(T, 2)
NK_INLINE size_t NK_NAME(nk_tile_rows)(size_t vectors) {
  (void)vectors;
  return 6;
}
#endif

// A panel: `vectors` vectors of columns from `column` on. Row r of its rows lies r · vectors vectors
// from its start, which is depth · column floats into the packed matrix.
typedef struct {
  size_t column;
  size_t vectors;
} NK_NAME(nk_panel);

NK_INLINE size_t NK_NAME(nk_panel_count)(size_t columns) {
  size_t vectors = (columns + NK_WIDTH - 1) / NK_WIDTH;
  return (vectors + NK_PANEL_VECTORS - 1) / NK_PANEL_VECTORS;
}

// Panels of equal width rather than a narrow last one.
NK_INLINE NK_NAME(nk_panel) NK_NAME(nk_panel_at)(size_t columns, size_t index) {
  size_t vectors = (columns + NK_WIDTH - 1) / NK_WIDTH;
  size_t panels = NK_NAME(nk_panel_count)(columns);
  size_t start = index * vectors / panels, end = (index + 1) * vectors / panels;
  return (NK_NAME(nk_panel)){start * NK_WIDTH, end - start};
}

// What becomes of a sum before it is stored, in this order: an addend, a bias, relu; NULL for none.
NK_INLINE nk_vf NK_NAME(nk_finished)(nk_vf sum, const nk_vf *addend, const nk_vf *bias, bool relu) {
  if (addend) sum += *addend;
  if (bias) sum += *bias;
  return relu ? nk_positive(sum) : sum;
}

// The elements of two vectors in turn: those of the lower halves, and those of the upper.
#undef nk_zip_lower
#undef nk_zip_upper
#if NK_WIDTH == 16
#define nk_zip_lower(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define nk_zip_upper(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif NK_WIDTH == 8
#define nk_zip_lower(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define nk_zip_upper(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define nk_zip_lower(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define nk_zip_upper(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

// The transpose of a square of vectors: perfect shuffles, as many as a width has bits.
NK_INLINE void NK_NAME(nk_transpose)(nk_vf v[NK_WIDTH]) {
  NK_UNROLL for (int round = 1; round < NK_WIDTH; round *= 2) {
    nk_vf t[NK_WIDTH];
    NK_UNROLL for (int i = 0; i < NK_WIDTH / 2; i++) {
      t[2 * i] = nk_zip_lower(v[i], v[i + NK_WIDTH / 2]);
      t[2 * i + 1] = nk_zip_upper(v[i], v[i + NK_WIDTH / 2]);
    }
    NK_UNROLL for (int i = 0; i < NK_WIDTH; i++) v[i] = t[i];
  }
}
