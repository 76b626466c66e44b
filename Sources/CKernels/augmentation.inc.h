// Images mirrored and moved in place: see augmentation.h. Included once per instruction set.
//
// A row of n pixels that is mirrored and then moved right by e has, at c, what was at n - 1 + e - c:
// the pixels from e on, in reverse order. So what is mirrored and moved is only mirrored, over what stays
// in the image; and what is moved without that is, in both directions at once, a move of memory, which
// brings pixels from one row into the next just where zeros come in.

NK_INLINE void NK_NAME(nk_swap_lines)(float *restrict a, float *restrict b, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float first = a[i];
    a[i] = b[i];
    b[i] = first;
  }
}

// Few elements mostly, for which memset is not worth its call.
NK_INLINE void NK_NAME(nk_clear)(float *p, size_t count) {
  for (size_t i = 0; i < count; i += NK_WIDTH) nk_store_up_to(p + i, (nk_vf){0}, count - i);
}

// How rows of some pixels are reversed, from both ends by vectors of whole pixels.
typedef struct {
  size_t channels;
  // Elements of a vector that are exchanged, how many vectors from each end, and how many elements of a
  // last one.
  size_t used, vectors, rest;
  // Which elements of the vector at the other end take the place of those of this one; negative for
  // elements that stay.
  nk_vi left, right;
} NK_NAME(nk_reversal);

NK_INLINE NK_NAME(nk_reversal) NK_NAME(nk_make_reversal)(size_t count, size_t channels) {
  NK_NAME(nk_reversal) reversal = {.channels = channels, .rest = count / channels / 2 * channels};
#if NK_WIDTH > 4
  size_t pixels = NK_WIDTH / channels, used = pixels * channels;
  if (used == 0) return reversal;
  int32_t left[NK_WIDTH], right[NK_WIDTH];
  for (size_t i = 0; i < NK_WIDTH; i++) left[i] = right[i] = -1;
  for (size_t p = 0; p < pixels; p++)
    for (size_t c = 0; c < channels; c++) {
      left[p * channels + c] = (int32_t)(NK_WIDTH - (p + 1) * channels + c);
      right[NK_WIDTH - used + p * channels + c] = (int32_t)((pixels - 1 - p) * channels + c);
    }
  memcpy(&reversal.left, left, sizeof left);
  memcpy(&reversal.right, right, sizeof right);
  reversal.used = used;
  // What the vector of one end keeps must not be what that of the other end changed before it.
  if (count >= NK_WIDTH + used) reversal.vectors = (count - NK_WIDTH - used) / (2 * used) + 1;
  reversal.rest -= reversal.vectors * used;
#endif
  return reversal;
}

#if NK_WIDTH > 4
// Element i is element index[i] of `other`, or element i of `own` where the index is negative.
NK_INLINE nk_vf NK_NAME(nk_take)(nk_vf own, nk_vf other, nk_vi index) {
#if NK_WIDTH == 16
  __mmask16 taken = (__mmask16)~_mm512_movepi32_mask((__m512i)index);
  return (nk_vf)_mm512_mask_permutexvar_ps((__m512)own, taken, (__m512i)index, (__m512)other);
#else
  __m256 taken = _mm256_permutevar8x32_ps((__m256)other, (__m256i)index);
  return (nk_vf)_mm256_blendv_ps(taken, (__m256)own, (__m256)index);
#endif
}
#endif

// The pixels from `left` to `right` in reverse order.
NK_INLINE void NK_NAME(nk_reverse)(float *left, float *right, const NK_NAME(nk_reversal) *r) {
#if NK_WIDTH > 4
  if (r->used > 0) {
    // The middle first: its loads would wait for the stores of vectors that reach into it.
    if (r->rest > 0) {
      float *a = left + r->vectors * r->used, *b = right - r->vectors * r->used - r->rest;
      nk_vi index = r->left - (int32_t)(NK_WIDTH - r->rest);
      nk_vf first = nk_load_part(a, r->rest), last = nk_load_part(b, r->rest);
      nk_store_part(a, NK_NAME(nk_take)(last, last, index), r->rest);
      nk_store_part(b, NK_NAME(nk_take)(first, first, index), r->rest);
    }
    if (r->vectors == 0) return;
    right -= NK_WIDTH;
    nk_vf a = nk_load(left), b = nk_load(right);
    for (size_t i = 1; i < r->vectors; i++) {
      // Loaded before the stores for the same reason.
      nk_vf next_a = nk_load(left + r->used), next_b = nk_load(right - r->used);
      nk_store(left, NK_NAME(nk_take)(a, b, r->left));
      nk_store(right, NK_NAME(nk_take)(b, a, r->right));
      a = next_a, b = next_b, left += r->used, right -= r->used;
    }
    nk_store(left, NK_NAME(nk_take)(a, b, r->left));
    nk_store(right, NK_NAME(nk_take)(b, a, r->right));
    return;
  }
#endif
  size_t channels = r->channels;
  for (; right - left >= (ptrdiff_t)(2 * channels); left += channels, right -= channels)
    NK_NAME(nk_swap_lines)(left, right - channels, channels);
}

static void NK_NAME(nk_mirror_and_move)(float *image, size_t height, size_t width,
                                        size_t channels, bool mirrors, bool turns, ptrdiff_t down,
                                        ptrdiff_t right) {
  size_t line = width * channels;
  ptrdiff_t across = right * (ptrdiff_t)channels;
  // The rows, and the elements of a row, in which something of the image is at the end.
  size_t top = down > 0 ? (size_t)down : 0;
  size_t bottom = down < 0 ? height - (size_t)-down : height;
  size_t first = across > 0 ? (size_t)across : 0;
  size_t last = across < 0 ? line - (size_t)-across : line;

  ptrdiff_t move = (turns ? 0 : down * (ptrdiff_t)line) + (mirrors ? 0 : across);
  if (move != 0) {
    float *start = image + top * line + first;
    size_t count = (bottom - 1 - top) * line + last - first;
    memmove(start, start - move, count * sizeof(float));
  }
  if (turns)
    for (size_t a = top, b = bottom - 1; a < b; a++, b--)
      NK_NAME(nk_swap_lines)(image + a * line, image + b * line, line);
  if (mirrors) {
    NK_NAME(nk_reversal) reversal = NK_NAME(nk_make_reversal)(last - first, channels);
    for (size_t r = top; r < bottom; r++)
      NK_NAME(nk_reverse)(image + r * line + first, image + r * line + last, &reversal);
  }
  if (across != 0)
    for (size_t r = top; r < bottom; r++) {
      NK_NAME(nk_clear)(image + r * line, first);
      NK_NAME(nk_clear)(image + r * line + last, line - last);
    }
  if (down != 0) {
    memset(image, 0, top * line * sizeof(float));
    memset(image + bottom * line, 0, (height - bottom) * line * sizeof(float));
  }
}
