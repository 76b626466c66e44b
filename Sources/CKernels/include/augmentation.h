#ifndef NEEDLETAIL_CKERNELS_AUGMENTATION_H
#define NEEDLETAIL_CKERNELS_AUGMENTATION_H

#include <stdbool.h>
#include <stddef.h>

/// Mirrors and moves an image of [height, width, channels] in its place.
///
/// First left and right are exchanged (`mirrors`), and top and bottom (`turns`); then all pixels go
/// `down` rows and `right` columns, up and left where these are negative. They are less than height and
/// width. Pixels that come in are zero; those that go out are lost.
void nk_mirror_and_move(float *image, size_t height, size_t width, size_t channels, bool mirrors,
                        bool turns, ptrdiff_t down, ptrdiff_t right);

#endif
