#include "include/augmentation.h"

#define NK_FAMILY "augmentation.inc.h"
#include "for_each_isa.h"

NK_DISPATCH(void, nk_mirror_and_move,
            (float *image, size_t height, size_t width, size_t channels, bool mirrors, bool turns,
             ptrdiff_t down, ptrdiff_t right),
            (image, height, width, channels, mirrors, turns, down, right))
