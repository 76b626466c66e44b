#include "include/patches.h"

#define NK_FAMILY "patches.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_gather_patches,
            (const nk_window *window, const float *x, ptrdiff_t channels, size_t first_row,
             size_t rows, float *patches),
            (window, x, channels, first_row, rows, patches))

NK_DISPATCH(void, nk_scatter_patches,
            (const nk_window *window, const float *patches, ptrdiff_t channels, size_t first_row,
             size_t rows, ptrdiff_t top, ptrdiff_t bottom, float *dx),
            (window, patches, channels, first_row, rows, top, bottom, dx))
