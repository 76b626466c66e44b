#ifndef NEEDLETAIL_CKERNELS_TILE_H
#define NEEDLETAIL_CKERNELS_TILE_H

#include <stdbool.h>
#include <stddef.h>

/// Where the rows of a matrix lie: row r is at
/// (r mod inner) · inner_step + (r / inner mod middle) · middle_step + r / (inner · middle) · outer_step
/// floats. The pixels of images are such rows: inner runs over a line, middle over the lines.
typedef struct {
  size_t inner;
  ptrdiff_t inner_step;
  size_t middle;
  ptrdiff_t middle_step;
  ptrdiff_t outer_step;
} nk_walk;

/// Consecutive elements of a row: `length` floats from `offset` on. The runs of a row, one after the
/// other, are the terms of a product: a matrix has one run, a patch of an image one for each line or
/// place of the kernel.
typedef struct {
  ptrdiff_t offset;
  size_t length;
} nk_run;

/// What happens to a tile of sums before it is stored.
typedef struct {
  /// Added to the sums, each at the place of its result: the result itself, to add to what is there,
  /// or another array; or NULL.
  const float *addend;
  /// max(0, ·), after the bias.
  bool relu;
  /// As many elements as there are columns, or NULL.
  const float *bias;
} nk_tile_finish;

/// The floats of a packed matrix of `depth` rows: each row's columns rounded up to 16.
static inline size_t nk_packed_count(size_t depth, size_t columns) {
  return depth * ((columns + 15) / 16 * 16);
}

/// Packs rows of b for nk_tile_product and nk_tile_reduction: panels of a few vectors of columns,
/// zeros behind the last column.
///
/// Row i of the `count` rows is at b + walk(first_row + i) and becomes row first_depth + i of the
/// `depth` rows of the packed matrix.
void nk_pack_rows(size_t count, const nk_walk *walk, size_t first_row, const float *b,
                  size_t columns, size_t depth, size_t first_depth, float *packed);

/// The same of a transposed matrix: column j of row i is b[i + j · b_column].
void nk_pack_transposed(size_t count, const float *b, ptrdiff_t b_column, size_t columns,
                        size_t depth, size_t first_depth, float *packed);

/// Whether rows that follow one another without gaps are packed already.
bool nk_is_packed(size_t columns);

/// c = a · b: rows first_row ..< first_row + rows of both walks.
///
/// The terms of row r are a[a_rows(r) + runs], the runs one after the other; `packed` has as many
/// rows as the runs are long together. c[c_rows(r) + j] for columns j is written. No run: zeros.
/// The terms of a sum are added in their order.
void nk_tile_product(size_t first_row, size_t rows, const float *a, const nk_walk *a_rows,
                     size_t run_count, const nk_run *runs, const float *packed, size_t columns,
                     float *c, const nk_walk *c_rows, const nk_tile_finish *finish);

/// What the next reduction will read: `rows` rows of its a, which follow in the walk, at the same
/// places; and as many rows of b, before it is packed, `b_row` floats apart.
typedef struct {
  size_t rows;
  const float *b;
  ptrdiff_t b_row;
} nk_ahead;

/// c = aᵀ · b, or += with `accumulate`: sums over the terms first_row ..< first_row + rows.
///
/// Place k of the runs, for k in first_place ..< first_place + places, gives the row
/// c + (k − first_place) · c_row; its terms are a[a_rows(r) + runs(k)] · packed[r − first_row]. At most
/// NK_REDUCTION_DEPTH terms. What is `ahead`, or NULL, is brought into the second-level cache
/// meanwhile.
void nk_tile_reduction(size_t first_row, size_t rows, const float *a, const nk_walk *a_rows,
                       size_t run_count, const nk_run *runs, size_t first_place, size_t places,
                       const float *packed, size_t columns, float *c, ptrdiff_t c_row,
                       bool accumulate, const nk_ahead *ahead);

/// The most terms of one nk_tile_reduction, and how many places it takes at a time.
enum { NK_REDUCTION_DEPTH = 256, NK_REDUCTION_PLACES = 72 };

#endif
