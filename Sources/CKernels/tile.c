#include "include/tile.h"

#define NK_FAMILY "tile.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_pack_rows,
            (size_t count, const nk_walk *walk, size_t first_row, const float *b, size_t columns,
             size_t depth, size_t first_depth, float *packed),
            (count, walk, first_row, b, columns, depth, first_depth, packed))

NK_DISPATCH(void, nk_pack_transposed,
            (size_t count, const float *b, ptrdiff_t b_column, size_t columns, size_t depth,
             size_t first_depth, float *packed),
            (count, b, b_column, columns, depth, first_depth, packed))

NK_DISPATCH(void, nk_tile_product,
            (size_t first_row, size_t rows, const float *a, const nk_walk *a_rows,
             size_t run_count, const nk_run *runs, const float *packed, size_t columns, float *c,
             const nk_walk *c_rows, const nk_tile_finish *finish),
            (first_row, rows, a, a_rows, run_count, runs, packed, columns, c, c_rows, finish))

NK_DISPATCH(void, nk_tile_reduction,
            (size_t first_row, size_t rows, const float *a, const nk_walk *a_rows,
             size_t run_count, const nk_run *runs, size_t first_place, size_t places,
             const float *packed, size_t columns, float *c, ptrdiff_t c_row, bool accumulate,
             const nk_ahead *ahead),
            (first_row, rows, a, a_rows, run_count, runs, first_place, places, packed, columns, c,
             c_row, accumulate, ahead))

NK_DISPATCH(bool, nk_is_packed, (size_t columns), (columns))
