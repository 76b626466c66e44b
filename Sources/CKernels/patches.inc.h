// im2row and row2im. See include/patches.h.

// Both go line by line of output pixels, and within a line place by place: most of a line sees
// nothing but the image, so the inner loops test nothing.

// Runs are as short as 3 floats, where a call of memcpy costs more than the copy: hence the
// cascade of constant sizes. The last vector of a longer run overlaps the one before.
NK_INLINE void NK_NAME(copy_run)(float *to, const float *from, ptrdiff_t count) {
  if (count >= NK_WIDTH) {
    ptrdiff_t i = 0;
    for (; i + NK_WIDTH <= count; i += NK_WIDTH) nk_store(to + i, nk_load(from + i));
    if (i < count) nk_store(to + count - NK_WIDTH, nk_load(from + count - NK_WIDTH));
    return;
  }
  if (count & 8) {
    __builtin_memcpy(to, from, 32);
    to += 8, from += 8;
  }
  if (count & 4) {
    __builtin_memcpy(to, from, 16);
    to += 4, from += 4;
  }
  if (count & 2) {
    __builtin_memcpy(to, from, 8);
    to += 2, from += 2;
  }
  if (count & 1) *to = *from;
}

NK_INLINE void NK_NAME(clear_run)(float *to, ptrdiff_t count) {
  if (count > 0) memset(to, 0, (size_t)count * sizeof(float));
}

NK_INLINE void NK_NAME(add_run)(float *to, const float *from, ptrdiff_t count) {
  ptrdiff_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_store(to + i, nk_load(to + i) + nk_load(from + i));
  }
  for (; i < count; i++) to[i] += from[i];
}

// A run of `kernel_width` places, or of one, that the output pixels of a line see.
#undef nk_run
#define nk_run NK_NAME(nk_run_)
typedef struct {
  ptrdiff_t places;    // places in the run
  ptrdiff_t channels;  // floats of a place
  ptrdiff_t step;      // floats of the image from one output pixel's run to the next one's
  ptrdiff_t patch;     // floats from one patch to the next
} nk_run;

// Copies a run for output pixels [ox, end). `x0` is the image column of the run of pixel 0, `from`
// its address in the image, `to` that in the patches.
NK_INLINE void NK_NAME(gather_line)(const nk_window *w, const nk_run *run, ptrdiff_t x0,
                                    const float *from, float *to, ptrdiff_t ox, ptrdiff_t end) {
  const ptrdiff_t count = run->places * run->channels;
  while (ox < end) {
    const ptrdiff_t ix = x0 + ox * w->stride_x;
    const ptrdiff_t room = w->input_width - run->places - ix;
    if (ix >= 0 && room >= 0) {
      ptrdiff_t inside = room / w->stride_x + 1;
      if (inside > end - ox) inside = end - ox;
      const float *source = from + ox * run->step;
      float *target = to + ox * run->patch;
      if (count == 3) {
        for (ptrdiff_t i = 0; i < inside; i++, source += run->step, target += run->patch) {
          __builtin_memcpy(target, source, 12);
        }
      } else {
        for (ptrdiff_t i = 0; i < inside; i++, source += run->step, target += run->patch) {
          NK_NAME(copy_run)(target, source, count);
        }
      }
      ox += inside;
    } else {
      const ptrdiff_t first = ix < 0 ? (-ix < run->places ? -ix : run->places) : 0;
      const ptrdiff_t rest = w->input_width - ix;
      const ptrdiff_t last = rest < run->places ? (rest > first ? rest : first) : run->places;
      float *target = to + ox * run->patch;
      NK_NAME(clear_run)(target, first * run->channels);
      NK_NAME(copy_run)
      (target + first * run->channels, from + ox * run->step + first * run->channels,
       (last - first) * run->channels);
      NK_NAME(clear_run)(target + last * run->channels, (run->places - last) * run->channels);
      ox++;
    }
  }
}

// The adjoint of gather_line.
NK_INLINE void NK_NAME(scatter_line)(const nk_window *w, const nk_run *run, ptrdiff_t x0,
                                     float *image, const float *patches, ptrdiff_t ox,
                                     ptrdiff_t end) {
  for (; ox < end; ox++) {
    const ptrdiff_t ix = x0 + ox * w->stride_x;
    const ptrdiff_t first = ix < 0 ? -ix : 0;
    const ptrdiff_t rest = w->input_width - ix;
    const ptrdiff_t last = rest < run->places ? rest : run->places;
    NK_NAME(add_run)
    (image + ox * run->step + first * run->channels,
     patches + ox * run->patch + first * run->channels, (last - first) * run->channels);
  }
}

NK_INLINE nk_run NK_NAME(run_of)(const nk_window *w, ptrdiff_t channels) {
  const int contiguous = channels == w->input_channels && w->dilation_x == 1;
  nk_run run = {contiguous ? w->kernel_width : 1, channels, w->stride_x * w->input_channels,
                w->kernel_height * w->kernel_width * channels};
  return run;
}

static void NK_NAME(nk_gather_patches)(const nk_window *window, const float *x, ptrdiff_t channels,
                                       size_t first_row, size_t rows, float *patches) {
  const nk_window w = *window;
  const nk_run run = NK_NAME(run_of)(&w, channels);
  ptrdiff_t line = (ptrdiff_t)first_row / w.output_width;
  ptrdiff_t ox = (ptrdiff_t)first_row % w.output_width;
  ptrdiff_t left = (ptrdiff_t)rows;
  while (left > 0) {
    const ptrdiff_t end = w.output_width - ox < left ? w.output_width : ox + left;
    const ptrdiff_t image = line / w.output_height;
    const ptrdiff_t iy0 = line % w.output_height * w.stride_y - w.padding_top;
    float *to = patches - ox * run.patch;
    for (ptrdiff_t ky = 0; ky < w.kernel_height; ky++) {
      const ptrdiff_t iy = iy0 + ky * w.dilation_y;
      for (ptrdiff_t kx = 0; kx < w.kernel_width; kx += run.places) {
        if (iy < 0 || iy >= w.input_height) {
          for (ptrdiff_t i = ox; i < end; i++) {
            NK_NAME(clear_run)(to + i * run.patch, run.places * channels);
          }
        } else {
          const ptrdiff_t x0 = kx * w.dilation_x - w.padding_left;
          const float *from =
              x + ((image * w.input_height + iy) * w.input_width + x0) * w.input_channels;
          NK_NAME(gather_line)(&w, &run, x0, from, to, ox, end);
        }
        to += run.places * channels;
      }
    }
    patches += (end - ox) * run.patch;
    left -= end - ox;
    ox = 0;
    line++;
  }
}

static void NK_NAME(nk_scatter_patches)(const nk_window *window, const float *patches,
                                        ptrdiff_t channels, size_t first_row, size_t rows,
                                        ptrdiff_t top, ptrdiff_t bottom, float *dx) {
  const nk_window w = *window;
  const nk_run run = NK_NAME(run_of)(&w, channels);
  ptrdiff_t line = (ptrdiff_t)first_row / w.output_width;
  ptrdiff_t ox = (ptrdiff_t)first_row % w.output_width;
  ptrdiff_t left = (ptrdiff_t)rows;
  while (left > 0) {
    const ptrdiff_t end = w.output_width - ox < left ? w.output_width : ox + left;
    const ptrdiff_t image = line / w.output_height;
    const ptrdiff_t iy0 = line % w.output_height * w.stride_y - w.padding_top;
    const float *from = patches - ox * run.patch;
    for (ptrdiff_t ky = 0; ky < w.kernel_height; ky++) {
      const ptrdiff_t iy = iy0 + ky * w.dilation_y;
      for (ptrdiff_t kx = 0; kx < w.kernel_width; kx += run.places, from += run.places * channels) {
        if (iy < top || iy >= bottom) continue;
        const ptrdiff_t x0 = kx * w.dilation_x - w.padding_left;
        float *to = dx + ((image * w.input_height + iy) * w.input_width + x0) * w.input_channels;
        NK_NAME(scatter_line)(&w, &run, x0, to, from, ox, end);
      }
    }
    patches += (end - ox) * run.patch;
    left -= end - ox;
    ox = 0;
    line++;
  }
}
