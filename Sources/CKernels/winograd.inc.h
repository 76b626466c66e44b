// Winograd's transforms of tiles, a vector of channels at a time.

#include "maxima.h"
#include "panels.h"
#include "winograd_matrices.h"

// Calls a function with the tile's size as a number that the compiler knows.
#undef NK_BY_TILE
#define NK_BY_TILE(function, ...)                \
  switch (s->tile) {                             \
    case 2: function(2, __VA_ARGS__); break;     \
    case 3: function(3, __VA_ARGS__); break;     \
    case 4: function(4, __VA_ARGS__); break;     \
    default: function(5, __VA_ARGS__); break;    \
  }

// A tile's place: its first pixel, and which of its pixels are in the image.
typedef struct {
  ptrdiff_t image, y, x;
} NK_NAME(nk_tile_place);

NK_INLINE NK_NAME(nk_tile_place) NK_NAME(nk_place_of_tile)(const nk_winograd *s, size_t index) {
  size_t line = index / (size_t)s->tiles_x;
  return (NK_NAME(nk_tile_place)){
      (ptrdiff_t)(line / (size_t)s->tiles_y),
      (ptrdiff_t)(line % (size_t)s->tiles_y) * s->tile,
      (ptrdiff_t)(index % (size_t)s->tiles_x) * s->tile,
  };
}

NK_INLINE ptrdiff_t NK_NAME(nk_limit)(ptrdiff_t value, ptrdiff_t most) {
  return value < 0 ? 0 : value < most ? value : most;
}

// One tile of one vector of channels. Pixels [top, bottom) × [left, right) exist; `whole` says that
// all do.
NK_INLINE void NK_NAME(nk_wg_input_tile)(const int tile, const bool whole, const float *x,
                                         ptrdiff_t line, ptrdiff_t pixel, ptrdiff_t top,
                                         ptrdiff_t bottom, ptrdiff_t left, ptrdiff_t right,
                                         size_t rest, float *v, ptrdiff_t point_step) {
  const int n = tile + 2;
  nk_vf t[7][7];
  NK_UNROLL for (int i = 0; i < n; i++) {
    nk_vf d[7], o[7];
    bool exists = whole || (i >= top && i < bottom);
    NK_UNROLL for (int j = 0; j < n; j++) {
      d[j] = (nk_vf){0};
      if (whole || (exists && j >= left && j < right))
        d[j] = nk_load_up_to(x + i * line + j * pixel, rest);
    }
    nk_wg_bt(tile, d, o);
    NK_UNROLL for (int j = 0; j < n; j++) t[i][j] = o[j];
  }
  NK_UNROLL for (int j = 0; j < n; j++) {
    nk_vf d[7], o[7];
    NK_UNROLL for (int i = 0; i < n; i++) d[i] = t[i][j];
    nk_wg_bt(tile, d, o);
    NK_UNROLL for (int i = 0; i < n; i++)
        nk_store_up_to(v + (i * n + j) * point_step, o[i], rest);
  }
}

NK_INLINE void NK_NAME(nk_wg_input)(const int tile, const nk_winograd *s, const float *x,
                                    size_t first, size_t count, float *v, ptrdiff_t point_step,
                                    ptrdiff_t row_step) {
  const ptrdiff_t n = tile + 2, pixel = s->input_channels, line = s->input_width * pixel;
  for (size_t i = 0; i < count; i++, v += row_step) {
    NK_NAME(nk_tile_place) place = NK_NAME(nk_place_of_tile)(s, first + i);
    ptrdiff_t y0 = place.y - s->padding_top, x0 = place.x - s->padding_left;
    ptrdiff_t top = NK_NAME(nk_limit)(-y0, n), left = NK_NAME(nk_limit)(-x0, n);
    ptrdiff_t bottom = NK_NAME(nk_limit)(s->input_height - y0, n);
    ptrdiff_t right = NK_NAME(nk_limit)(s->input_width - x0, n);
    bool whole = top == 0 && left == 0 && bottom == n && right == n;
    const float *source = x + (place.image * s->input_height + y0) * line + x0 * pixel;
    // The pixels below, of the next line of tiles, come while these are transformed.
    for (ptrdiff_t row = n; row < n + tile; row++) {
      const float *ahead = source + row * line;
      for (ptrdiff_t c = 0; c < tile * pixel; c += 16) __builtin_prefetch(ahead + c, 0, 3);
    }
    for (ptrdiff_t c = 0; c < pixel; c += NK_WIDTH) {
      size_t rest = (size_t)(pixel - c);
      if (whole && rest >= NK_WIDTH)
        NK_NAME(nk_wg_input_tile)
        (tile, true, source + c, line, pixel, 0, n, 0, n, NK_WIDTH, v + c, point_step);
      else if (rest >= NK_WIDTH)
        NK_NAME(nk_wg_input_tile)
        (tile, false, source + c, line, pixel, top, bottom, left, right, NK_WIDTH, v + c,
         point_step);
      else
        NK_NAME(nk_wg_input_tile)
        (tile, false, source + c, line, pixel, top, bottom, left, right, rest, v + c, point_step);
    }
  }
}

static void NK_NAME(nk_winograd_input)(const nk_winograd *s, const float *x, size_t first,
                                       size_t count, float *v, ptrdiff_t point_step,
                                       ptrdiff_t row_step) {
  NK_BY_TILE(NK_NAME(nk_wg_input), s, x, first, count, v, point_step, row_step)
}

// Aᵀ m of one vector of channels of a tile: from the left only.
NK_INLINE void NK_NAME(nk_wg_output_columns)(const int tile, const float *m, ptrdiff_t point_step,
                                             size_t rest, nk_vf t[5][7]) {
  const int n = tile + 2;
  NK_UNROLL for (int j = 0; j < n; j++) {
    nk_vf d[7], o[5];
    NK_UNROLL for (int i = 0; i < n; i++)
        d[i] = nk_load_up_to(m + (i * n + j) * point_step, rest);
    nk_wg_at(tile, d, o);
    NK_UNROLL for (int i = 0; i < tile; i++) t[i][j] = o[i];
  }
}

// One tile of one vector of channels: its pixels above `height` and left of `width` exist.
NK_INLINE void NK_NAME(nk_wg_output_tile)(const int tile, const float *m, ptrdiff_t point_step,
                                          size_t rest, float *y, ptrdiff_t line, ptrdiff_t pixel,
                                          ptrdiff_t height, ptrdiff_t width, const float *bias,
                                          const float *addend, bool relu) {
  nk_vf t[5][7], b = {0};
  if (bias) b = nk_load_up_to(bias, rest);
  NK_NAME(nk_wg_output_columns)(tile, m, point_step, rest, t);
  NK_UNROLL for (int i = 0; i < tile; i++) {
    nk_vf o[5];
    nk_wg_at(tile, t[i], o);
    if (i < height) NK_UNROLL for (int j = 0; j < tile; j++) {
      if (j < width) {
        ptrdiff_t place = i * line + j * pixel;
        nk_vf value = o[j] + b;
        if (addend) value += nk_load_up_to(addend + place, rest);
        if (relu) value = nk_positive(value);
        nk_store_up_to(y + place, value, rest);
      }
    }
  }
}

NK_INLINE void NK_NAME(nk_wg_output)(const int tile, const nk_winograd *s, const float *m,
                                     ptrdiff_t point_step, ptrdiff_t row_step, size_t first,
                                     size_t count, float *y, const nk_tile_finish *finish) {
  const ptrdiff_t pixel = s->output_channels, line = s->output_width * pixel;
  const bool relu = finish->relu;
  for (size_t k = 0; k < count; k++, m += row_step) {
    NK_NAME(nk_tile_place) place = NK_NAME(nk_place_of_tile)(s, first + k);
    ptrdiff_t height = s->output_height - place.y, width = s->output_width - place.x;
    ptrdiff_t first_pixel =
        (place.image * s->output_height + place.y) * line + place.x * pixel;
    for (ptrdiff_t c = 0; c < pixel; c += NK_WIDTH) {
      size_t rest = (size_t)(pixel - c);
      float *target = y + first_pixel + c;
      const float *bias = finish->bias ? finish->bias + c : NULL;
      const float *addend = finish->addend ? finish->addend + first_pixel + c : NULL;
      if (rest >= NK_WIDTH)
        NK_NAME(nk_wg_output_tile)
        (tile, m + c, point_step, NK_WIDTH, target, line, pixel, height, width, bias, addend, relu);
      else
        NK_NAME(nk_wg_output_tile)
        (tile, m + c, point_step, rest, target, line, pixel, height, width, bias, addend, relu);
    }
  }
}

static void NK_NAME(nk_winograd_output)(const nk_winograd *s, const float *m,
                                        ptrdiff_t point_step, ptrdiff_t row_step, size_t first,
                                        size_t count, float *y, const nk_tile_finish *finish) {
  NK_BY_TILE(NK_NAME(nk_wg_output), s, m, point_step, row_step, first, count, y, finish)
}

// m = A d Aᵀ of one vector of channels of a tile of gradients.
NK_INLINE void NK_NAME(nk_wg_gradient_points)(const int tile, nk_vf d[5][5], size_t rest, float *m,
                                              ptrdiff_t point_step) {
  const int n = tile + 2;
  nk_vf t[5][7];
  NK_UNROLL for (int i = 0; i < tile; i++) nk_wg_a(tile, d[i], t[i]);
  NK_UNROLL for (int j = 0; j < n; j++) {
    nk_vf column[5], o[7];
    NK_UNROLL for (int i = 0; i < tile; i++) column[i] = t[i][j];
    nk_wg_a(tile, column, o);
    NK_UNROLL for (int i = 0; i < n; i++)
        nk_store_up_to(m + (i * n + j) * point_step, o[i], rest);
  }
}

NK_INLINE void NK_NAME(nk_wg_output_gradient_tile)(const int tile, const float *dy,
                                                   ptrdiff_t line, ptrdiff_t pixel,
                                                   ptrdiff_t height, ptrdiff_t width,
                                                   size_t rest, float *m, ptrdiff_t point_step) {
  nk_vf d[5][5];
  NK_UNROLL for (int i = 0; i < tile; i++) NK_UNROLL for (int j = 0; j < tile; j++) {
    d[i][j] = (nk_vf){0};
    if (i < height && j < width) d[i][j] = nk_load_up_to(dy + i * line + j * pixel, rest);
  }
  NK_NAME(nk_wg_gradient_points)(tile, d, rest, m, point_step);
}

NK_INLINE void NK_NAME(nk_wg_output_gradient)(const int tile, const nk_winograd *s,
                                              const float *dy, size_t first, size_t count,
                                              float *m, ptrdiff_t point_step,
                                              ptrdiff_t row_step) {
  const ptrdiff_t pixel = s->output_channels, line = s->output_width * pixel;
  for (size_t k = 0; k < count; k++, m += row_step) {
    NK_NAME(nk_tile_place) place = NK_NAME(nk_place_of_tile)(s, first + k);
    ptrdiff_t height = s->output_height - place.y, width = s->output_width - place.x;
    const float *source = dy + (place.image * s->output_height + place.y) * line + place.x * pixel;
    for (ptrdiff_t c = 0; c < pixel; c += NK_WIDTH) {
      size_t rest = (size_t)(pixel - c);
      if (rest >= NK_WIDTH)
        NK_NAME(nk_wg_output_gradient_tile)
        (tile, source + c, line, pixel, height, width, NK_WIDTH, m + c, point_step);
      else
        NK_NAME(nk_wg_output_gradient_tile)
        (tile, source + c, line, pixel, height, width, rest, m + c, point_step);
    }
  }
}

static void NK_NAME(nk_winograd_output_gradient)(const nk_winograd *s, const float *dy,
                                                 size_t first, size_t count, float *m,
                                                 ptrdiff_t point_step, ptrdiff_t row_step) {
  NK_BY_TILE(NK_NAME(nk_wg_output_gradient), s, dy, first, count, m, point_step, row_step)
}

NK_INLINE void NK_NAME(nk_wg_input_gradient_tile)(const int tile, const float *v,
                                                  ptrdiff_t point_step, size_t rest, float *dx,
                                                  ptrdiff_t line, ptrdiff_t pixel, ptrdiff_t top,
                                                  ptrdiff_t bottom, ptrdiff_t left,
                                                  ptrdiff_t right) {
  const int n = tile + 2;
  nk_vf t[7][7];
  NK_UNROLL for (int j = 0; j < n; j++) {
    nk_vf d[7], o[7];
    NK_UNROLL for (int i = 0; i < n; i++)
        d[i] = nk_load_up_to(v + (i * n + j) * point_step, rest);
    nk_wg_b(tile, d, o);
    NK_UNROLL for (int i = 0; i < n; i++) t[i][j] = o[i];
  }
  NK_UNROLL for (int i = 0; i < n; i++) {
    nk_vf o[7];
    nk_wg_b(tile, t[i], o);
    if (i >= top && i < bottom) NK_UNROLL for (int j = 0; j < n; j++) {
      if (j >= left && j < right) {
        float *out = dx + i * line + j * pixel;
        nk_store_up_to(out, nk_load_up_to(out, rest) + o[j], rest);
      }
    }
  }
}

NK_INLINE void NK_NAME(nk_wg_input_gradient)(const int tile, const nk_winograd *s, const float *v,
                                             ptrdiff_t point_step, ptrdiff_t row_step,
                                             size_t first, size_t count, float *dx) {
  const ptrdiff_t n = tile + 2, pixel = s->input_channels, line = s->input_width * pixel;
  for (size_t k = 0; k < count; k++, v += row_step) {
    NK_NAME(nk_tile_place) place = NK_NAME(nk_place_of_tile)(s, first + k);
    ptrdiff_t y0 = place.y - s->padding_top, x0 = place.x - s->padding_left;
    ptrdiff_t top = NK_NAME(nk_limit)(-y0, n), left = NK_NAME(nk_limit)(-x0, n);
    ptrdiff_t bottom = NK_NAME(nk_limit)(s->input_height - y0, n);
    ptrdiff_t right = NK_NAME(nk_limit)(s->input_width - x0, n);
    float *target = dx + (place.image * s->input_height + y0) * line + x0 * pixel;
    for (ptrdiff_t c = 0; c < pixel; c += NK_WIDTH) {
      size_t rest = (size_t)(pixel - c);
      if (rest >= NK_WIDTH)
        NK_NAME(nk_wg_input_gradient_tile)
        (tile, v + c, point_step, NK_WIDTH, target + c, line, pixel, top, bottom, left, right);
      else
        NK_NAME(nk_wg_input_gradient_tile)
        (tile, v + c, point_step, rest, target + c, line, pixel, top, bottom, left, right);
    }
  }
}

static void NK_NAME(nk_winograd_input_gradient)(const nk_winograd *s, const float *v,
                                                ptrdiff_t point_step, ptrdiff_t row_step,
                                                size_t first, size_t count, float *dx) {
  NK_BY_TILE(NK_NAME(nk_wg_input_gradient), s, v, point_step, row_step, first, count, dx)
}

#include "winograd_pooled.inc.h"
#include "winograd_weights.inc.h"
