// Products by register tiles: a few rows of `a`, found by their offsets, times a packed panel of `b`
// that is one to four vectors wide. All sums of a tile stay in registers.
//
// A tile's rows are taken by offset, not by a stride: so the pixels of any convolution are rows
// (measured: as fast as strides, 98 % of the peak).

#include "panels.h"

// Offsets of the rows of a walk, `count` from `first` on.
NK_INLINE void NK_NAME(nk_walk_offsets)(const nk_walk *walk, size_t first, size_t count,
                                        ptrdiff_t *offsets) {
  if (first + count <= walk->inner) {
    // No division, which would take as long as a small tile.
    for (size_t i = 0; i < count; i++) offsets[i] = (ptrdiff_t)(first + i) * walk->inner_step;
    return;
  }
  size_t line = first / walk->inner, inner = first % walk->inner;
  size_t middle = line % walk->middle, outer = line / walk->middle;
  for (size_t i = 0; i < count; i++) {
    offsets[i] = (ptrdiff_t)inner * walk->inner_step + (ptrdiff_t)middle * walk->middle_step +
                 (ptrdiff_t)outer * walk->outer_step;
    if (++inner == walk->inner) {
      inner = 0;
      if (++middle == walk->middle) {
        middle = 0;
        outer++;
      }
    }
  }
}

// Stores sums as they are, or added to what the addend has there.
NK_INLINE void NK_NAME(nk_store_sums)(const int rows, const int vectors, const bool adds,
                                      nk_vf sum[][4], float *c, const ptrdiff_t *c_rows,
                                      const float *addend) {
  NK_UNROLL for (int m = 0; m < rows; m++) NK_UNROLL for (int n = 0; n < vectors; n++) {
    nk_vf added = {0};
    if (adds) added = nk_load(addend + c_rows[m] + n * NK_WIDTH);
    nk_store(c + c_rows[m] + n * NK_WIDTH,
             NK_NAME(nk_finished)(sum[m][n], adds ? &added : NULL, NULL, false));
  }
}

// Stores a tile of sums, its last vector only up to `columns`.
NK_INLINE void NK_NAME(nk_store_tile)(const int rows, const int vectors, nk_vf sum[][4], float *c,
                                      const ptrdiff_t *c_rows, size_t columns,
                                      const nk_tile_finish *finish) {
  const float *bias = finish->bias, *addend = finish->addend;
  const bool relu = finish->relu;
  if (!bias && !relu && columns >= (size_t)vectors * NK_WIDTH) {
    // Without a question for each vector: a short sum takes hardly longer than those.
    if (addend)
      NK_NAME(nk_store_sums)(rows, vectors, true, sum, c, c_rows, addend);
    else
      NK_NAME(nk_store_sums)(rows, vectors, false, sum, c, c_rows, NULL);
    return;
  }
  NK_UNROLL for (int n = 0; n < vectors; n++) {
    size_t first = (size_t)n * NK_WIDTH;
    size_t rest = columns - first;
    bool whole = n < vectors - 1 || rest >= NK_WIDTH;
    nk_vf b = {0};
    if (bias) b = whole ? nk_load(bias + first) : nk_load_part(bias + first, rest);
    NK_UNROLL for (int m = 0; m < rows; m++) {
      float *out = c + c_rows[m] + first;
      nk_vf added = {0};
      if (addend) {
        const float *source = addend + c_rows[m] + first;
        added = whole ? nk_load(source) : nk_load_part(source, rest);
      }
      const nk_vf value =
          NK_NAME(nk_finished)(sum[m][n], addend ? &added : NULL, bias ? &b : NULL, relu);
      if (whole)
        nk_store(out, value);
      else
        nk_store_part(out, value, rest);
    }
  }
}

// Asks for the places of a row that a tile will write, and for what it adds there.
NK_INLINE void NK_NAME(nk_fetch_row)(const int vectors, const float *c, ptrdiff_t row,
                                     const float *addend) {
  NK_UNROLL for (int n = 0; n < vectors; n++) __builtin_prefetch(c + row + n * NK_WIDTH, 1, 2);
  if (addend && addend != c) {
    NK_UNROLL for (int n = 0; n < vectors; n++)
        __builtin_prefetch(addend + row + n * NK_WIDTH, 0, 2);
  }
}

// What a tile asks for, one line for each of its terms: the line of term p is at
// start + p · step + rows[p].
typedef struct {
  const float *start;
  size_t step;
  const ptrdiff_t *rows;
} NK_NAME(nk_fetch);

// With `fetches`, what the tile writes is asked for, and `ahead`, which the next one reads: it comes
// while the tile is summed.
NK_INLINE void NK_NAME(nk_product_tile)(const int rows, const int vectors, const bool fetches,
                                        const float *a, const ptrdiff_t *a_rows, size_t run_count,
                                        const nk_run *runs, const float *panel, size_t columns,
                                        float *c, const ptrdiff_t *c_rows,
                                        const nk_tile_finish *finish,
                                        const NK_NAME(nk_fetch) * ahead) {
  const float *row[NK_TILE_MOST_ROWS];
  NK_UNROLL for (int m = 0; m < rows; m++) row[m] = a + a_rows[m];
  nk_vf sum[NK_TILE_MOST_ROWS][4];
  NK_UNROLL for (int m = 0; m < rows; m++) NK_UNROLL for (int n = 0; n < vectors; n++) sum[m][n] =
      (nk_vf){0};
  const float *line = fetches ? ahead->start : NULL;
  const size_t line_step = fetches ? ahead->step : 0;
  int fetched = fetches ? 0 : rows;
  for (size_t i = 0; i < run_count; i++) {
    const ptrdiff_t end = runs[i].offset + (ptrdiff_t)runs[i].length;
    for (ptrdiff_t k = runs[i].offset; k < end; k++) {
      nk_vf b[4];
      NK_UNROLL for (int n = 0; n < vectors; n++) b[n] = nk_load(panel + n * NK_WIDTH);
      NK_UNROLL for (int m = 0; m < rows; m++) {
        nk_vf x = nk_set1(row[m][k]);
        NK_UNROLL for (int n = 0; n < vectors; n++) sum[m][n] += x * b[n];
        NK_UNROLL for (int n = 0; n < vectors; n++) NK_KEEP_ORDER(sum[m][n]);
      }
      if (fetches) {
        // Into the first-level cache, for the next tile reads it at once.
        __builtin_prefetch(line, 0, 3);
        line += line_step;
        // A row a term: all at once they would hold up the first sums.
        if (fetched < rows) NK_NAME(nk_fetch_row)(vectors, c, c_rows[fetched++], finish->addend);
      }
      panel += vectors * NK_WIDTH;
    }
  }
  NK_NAME(nk_store_tile)
  (rows, vectors, sum, c, c_rows, columns, finish);
}

// With `fetches`, `ahead` is asked for, which the next reduction reads.
NK_INLINE void NK_NAME(nk_reduction_tile)(const int rows, const int vectors, const bool fetches,
                                          const float *a, const ptrdiff_t *a_rows, size_t depth,
                                          const ptrdiff_t *terms, const float *panel,
                                          size_t columns, float *c, const ptrdiff_t *c_rows,
                                          const nk_tile_finish *finish,
                                          const NK_NAME(nk_fetch) * ahead) {
  ptrdiff_t offsets[NK_TILE_MOST_ROWS];
  NK_UNROLL for (int m = 0; m < rows; m++) offsets[m] = a_rows[m];
  nk_vf sum[NK_TILE_MOST_ROWS][4];
  NK_UNROLL for (int m = 0; m < rows; m++) NK_UNROLL for (int n = 0; n < vectors; n++) sum[m][n] =
      (nk_vf){0};
  const float *line = fetches ? ahead->start : NULL;
  const ptrdiff_t *line_rows = fetches ? ahead->rows : NULL;
  for (size_t p = 0; p < depth; p++) {
    const float *term = a + terms[p];
    if (fetches) __builtin_prefetch(line + line_rows[p], 0, 2);
    nk_vf b[4];
    NK_UNROLL for (int n = 0; n < vectors; n++) b[n] = nk_load(panel + n * NK_WIDTH);
    NK_UNROLL for (int m = 0; m < rows; m++) {
      nk_vf x = nk_set1(term[offsets[m]]);
      NK_UNROLL for (int n = 0; n < vectors; n++) sum[m][n] += x * b[n];
      NK_UNROLL for (int n = 0; n < vectors; n++) NK_KEEP_ORDER(sum[m][n]);
    }
    panel += vectors * NK_WIDTH;
  }
  NK_NAME(nk_store_tile)
  (rows, vectors, sum, c, c_rows, columns, finish);
}

// A function for every size of tile, and tables to choose from: [vectors − 1][rows − 1].

typedef void (*NK_NAME(nk_product_function))(const float *, const ptrdiff_t *, size_t,
                                             const nk_run *, const float *, size_t, float *,
                                             const ptrdiff_t *, const nk_tile_finish *,
                                             const NK_NAME(nk_fetch) *);
typedef void (*NK_NAME(nk_reduction_function))(const float *, const ptrdiff_t *, size_t,
                                               const ptrdiff_t *, const float *, size_t, float *,
                                               const ptrdiff_t *, const nk_tile_finish *,
                                               const NK_NAME(nk_fetch) *);

#undef NK_TILE
#define NK_TILE(rows, vectors)                                                                    \
  static void NK_NAME(nk_product_##rows##_##vectors)(                                             \
      const float *a, const ptrdiff_t *a_rows, size_t run_count, const nk_run *runs,              \
      const float *panel, size_t columns, float *c, const ptrdiff_t *c_rows,                      \
      const nk_tile_finish *finish, const NK_NAME(nk_fetch) * ahead) {                            \
    if (ahead)                                                                                    \
      NK_NAME(nk_product_tile)                                                                    \
      (rows, vectors, true, a, a_rows, run_count, runs, panel, columns, c, c_rows, finish, ahead);\
    else                                                                                          \
      NK_NAME(nk_product_tile)                                                                    \
      (rows, vectors, false, a, a_rows, run_count, runs, panel, columns, c, c_rows, finish, NULL);\
  }                                                                                               \
  static void NK_NAME(nk_reduction_##rows##_##vectors)(                                           \
      const float *a, const ptrdiff_t *a_rows, size_t depth, const ptrdiff_t *terms,              \
      const float *panel, size_t columns, float *c, const ptrdiff_t *c_rows,                      \
      const nk_tile_finish *finish, const NK_NAME(nk_fetch) * ahead) {                            \
    if (ahead)                                                                                    \
      NK_NAME(nk_reduction_tile)                                                                  \
      (rows, vectors, true, a, a_rows, depth, terms, panel, columns, c, c_rows, finish, ahead);   \
    else                                                                                          \
      NK_NAME(nk_reduction_tile)                                                                  \
      (rows, vectors, false, a, a_rows, depth, terms, panel, columns, c, c_rows, finish, NULL);   \
  }
NK_EACH_TILE(NK_TILE)
#undef NK_TILE

#define NK_TILE(rows, vectors) [vectors - 1][rows - 1] = NK_NAME(nk_product_##rows##_##vectors),
static const NK_NAME(nk_product_function)
    NK_NAME(nk_products)[NK_PANEL_VECTORS][NK_TILE_MOST_ROWS] = {NK_EACH_TILE(NK_TILE)};
#undef NK_TILE
#define NK_TILE(rows, vectors) [vectors - 1][rows - 1] = NK_NAME(nk_reduction_##rows##_##vectors),
static const NK_NAME(nk_reduction_function)
    NK_NAME(nk_reductions)[NK_PANEL_VECTORS][NK_TILE_MOST_ROWS] = {NK_EACH_TILE(NK_TILE)};
#undef NK_TILE

#undef NK_SHORT_RUN
#define NK_SHORT_RUN 12

// Where a tile asks for what lies ahead: not where its rows are in the first-level cache anyway, or so
// short that asking takes long against the sum.
#undef NK_FETCHED_DEPTH
#undef NK_FETCHED_FLOATS
#define NK_FETCHED_DEPTH 64
#define NK_FETCHED_FLOATS 4096

// Rows whose offsets are held at a time.
#undef NK_BLOCK_ROWS
#define NK_BLOCK_ROWS 126

static void NK_NAME(nk_tile_product)(size_t first_row, size_t rows, const float *a,
                                     const nk_walk *a_rows, size_t run_count, const nk_run *runs,
                                     const float *packed, size_t columns, float *c,
                                     const nk_walk *c_rows, const nk_tile_finish *finish) {
  size_t depth = 0;
  for (size_t i = 0; i < run_count; i++) depth += runs[i].length;
  // Many short runs: the offset of every term, rather than a loop for each run.
  ptrdiff_t terms[NK_REDUCTION_DEPTH];
  bool listed = depth < NK_SHORT_RUN * run_count && depth <= NK_REDUCTION_DEPTH;
  if (listed) {
    ptrdiff_t *term = terms;
    for (size_t i = 0; i < run_count; i++)
      for (size_t k = 0; k < runs[i].length; k++) *term++ = runs[i].offset + (ptrdiff_t)k;
  }
  const bool fetches = depth >= NK_FETCHED_DEPTH && rows * depth >= NK_FETCHED_FLOATS;
  size_t panels = NK_NAME(nk_panel_count)(columns);
  ptrdiff_t a_offsets[NK_BLOCK_ROWS], c_offsets[NK_BLOCK_ROWS];
  while (rows > 0) {
    size_t block = rows < NK_BLOCK_ROWS ? rows : NK_BLOCK_ROWS;
    NK_NAME(nk_walk_offsets)(a_rows, first_row, block, a_offsets);
    NK_NAME(nk_walk_offsets)(c_rows, first_row, block, c_offsets);
    for (size_t i = 0; i < panels; i++) {
      NK_NAME(nk_panel) panel = NK_NAME(nk_panel_at)(columns, i);
      nk_tile_finish last = *finish;
      if (last.bias) last.bias += panel.column;
      if (last.addend) last.addend += panel.column;
      size_t most = NK_NAME(nk_tile_rows)(panel.vectors);
      size_t tiles = (block + most - 1) / most;
      // The first tiles have one row more; found without a division for each, which takes as long as
      // some terms.
      size_t height = block / tiles, higher = block % tiles;
      for (size_t t = 0, row = 0, end; t < tiles; t++, row = end) {
        end = row + height + (t < higher ? 1 : 0);
        const float *b = packed + depth * panel.column;
        if (listed) {
          NK_NAME(nk_reductions)
          [panel.vectors - 1][end - row - 1](a, a_offsets + row, depth, terms, b,
                                             columns - panel.column, c + panel.column,
                                             c_offsets + row, &last, NULL);
          continue;
        }
        // Rows without gaps: as many follow. The first panel brings them.
        NK_NAME(nk_fetch) ahead = {.start = b, .step = 0};
        if (fetches && i == 0 && a_offsets[end - 1] - a_offsets[row] == (ptrdiff_t)((end - row - 1) * depth)) {
          ahead.start = a + a_offsets[end - 1] + depth;
          ahead.step = end - row;
        }
        NK_NAME(nk_products)
        [panel.vectors - 1][end - row - 1](a, a_offsets + row, run_count, runs, b,
                                           columns - panel.column, c + panel.column,
                                           c_offsets + row, &last, fetches ? &ahead : NULL);
      }
    }
    first_row += block;
    rows -= block;
  }
}

// The lines that the next call will read, for the tiles of this one to ask for one by one: those of b,
// then those of a. Row r of both is that of term r.
typedef struct {
  size_t b_lines;
  const float *b;
  ptrdiff_t b_rows[NK_REDUCTION_DEPTH];
  size_t a_lines;
  ptrdiff_t a_rows[NK_REDUCTION_DEPTH];
} NK_NAME(nk_lines_ahead);

#undef NK_LINE
#define NK_LINE 16

NK_INLINE void NK_NAME(nk_look_ahead)(const nk_ahead *ahead, const nk_walk *walk, size_t first_row,
                                      size_t rows, size_t places, size_t columns,
                                      NK_NAME(nk_lines_ahead) * lines) {
  lines->b_lines = lines->a_lines = 0;
  size_t count = ahead ? (ahead->rows < rows ? ahead->rows : rows) : 0;
  if (count == 0) return;
  lines->b = ahead->b;
  lines->b_lines = (columns + NK_LINE - 1) / NK_LINE;
  lines->a_lines = (places + NK_LINE - 1) / NK_LINE;
  NK_NAME(nk_walk_offsets)(walk, first_row + rows, count, lines->a_rows);
  for (size_t r = 0; r < rows; r++) {
    // A tile asks for as many rows as it has terms.
    size_t row = r < count ? r : count - 1;
    lines->b_rows[r] = (ptrdiff_t)row * ahead->b_row;
    lines->a_rows[r] = lines->a_rows[row];
  }
}

static void NK_NAME(nk_tile_reduction)(size_t first_row, size_t rows, const float *a,
                                       const nk_walk *a_rows, size_t run_count,
                                       const nk_run *runs, size_t first_place, size_t places,
                                       const float *packed, size_t columns, float *c,
                                       ptrdiff_t c_row, bool accumulate, const nk_ahead *ahead) {
  ptrdiff_t terms[NK_REDUCTION_DEPTH];
  ptrdiff_t a_offsets[NK_REDUCTION_PLACES], c_offsets[NK_REDUCTION_PLACES];
  NK_NAME(nk_walk_offsets)(a_rows, first_row, rows, terms);
  NK_NAME(nk_lines_ahead) lines;
  NK_NAME(nk_look_ahead)(ahead, a_rows, first_row, rows, places, columns, &lines);
  size_t panels = NK_NAME(nk_panel_count)(columns);
  size_t run = 0, place = first_place;
  while (run < run_count && place >= runs[run].length) place -= runs[run++].length;
  size_t a_run = run, a_place = place, line = 0;
  while (places > 0) {
    size_t block = places < NK_REDUCTION_PLACES ? places : NK_REDUCTION_PLACES;
    for (size_t i = 0; i < block; i++) {
      a_offsets[i] = runs[run].offset + (ptrdiff_t)place;
      c_offsets[i] = (ptrdiff_t)i * c_row;
      if (++place == runs[run].length) {
        place = 0;
        run++;
      }
    }
    for (size_t i = 0; i < panels; i++) {
      NK_NAME(nk_panel) panel = NK_NAME(nk_panel_at)(columns, i);
      const nk_tile_finish finish = {.addend = accumulate ? c + panel.column : NULL};
      size_t most = NK_NAME(nk_tile_rows)(panel.vectors);
      size_t tiles = (block + most - 1) / most;
      size_t height = block / tiles, higher = block % tiles;
      for (size_t t = 0, row = 0, end; t < tiles; t++, row = end, line++) {
        end = row + height + (t < higher ? 1 : 0);
        NK_NAME(nk_fetch) next = {.start = NULL};
        if (line < lines.b_lines) {
          next.start = lines.b + line * NK_LINE;
          next.rows = lines.b_rows;
        } else if (line < lines.b_lines + lines.a_lines) {
          next.start = a + runs[a_run].offset + a_place;
          next.rows = lines.a_rows;
          a_place += NK_LINE;
          while (a_run < run_count && a_place >= runs[a_run].length)
            a_place -= runs[a_run++].length;
        }
        NK_NAME(nk_reductions)
        [panel.vectors - 1][end - row - 1](a, a_offsets + row, rows, terms,
                                           packed + rows * panel.column, columns - panel.column,
                                           c + panel.column, c_offsets + row, &finish,
                                           next.start ? &next : NULL);
      }
    }
    c += (ptrdiff_t)block * c_row;
    places -= block;
  }
}

#include "packing.h"
