// Dropout with random words made in place: one pass, whatever the chunks.

#include "vector_math.h"

#undef nk_vl
#undef nk_vb
#define nk_vl NK_NAME(nk_vl_)
#define nk_vb NK_NAME(nk_vb_)
typedef uint64_t nk_vl __attribute__((vector_size(NK_WIDTH * 4), aligned(4), may_alias));
typedef uint8_t nk_vb __attribute__((vector_size(NK_WIDTH), aligned(1), may_alias));

// The high and low halves of 64-bit products. Even and odd lanes apart: that is the widening
// multiplication processors have.
NK_INLINE nk_vu NK_NAME(nk_multiply_wide)(nk_vu a, uint32_t factor, nk_vu *low) {
  nk_vl even = ((nk_vl)a & 0xFFFFFFFFu) * factor;
  nk_vl odd = ((nk_vl)a >> 32) * factor;
  *low = (nk_vu)((even & 0xFFFFFFFFu) | (odd << 32));
  return (nk_vu)((even >> 32) | (odd & 0xFFFFFFFF00000000u));
}

// The words of the 64 elements of a group: `nk_philox` for 16 counters, NK_WIDTH at a time.
NK_INLINE void NK_NAME(nk_random_group)(uint64_t key, uint64_t stream, uint64_t group,
                                        uint32_t *words) {
  nk_vu lane;
  for (int i = 0; i < NK_WIDTH; i++) lane[i] = (uint32_t)i;
  nk_vu zero = {0};
  NK_UNROLL for (uint32_t first = 0; first < 16; first += NK_WIDTH) {
    uint64_t counter = group * 16 + first;
    nk_vu c0 = lane + (uint32_t)counter, c1 = zero + (uint32_t)(counter >> 32);
    nk_vu c2 = zero + (uint32_t)stream, c3 = zero + (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    NK_UNROLL for (int round = 0; round < 10; round++) {
      nk_vu low0, low1;
      nk_vu high0 = NK_NAME(nk_multiply_wide)(c0, 0xD2511F53u, &low0);
      nk_vu high1 = NK_NAME(nk_multiply_wide)(c2, 0xCD9E8D57u, &low1);
      c0 = high1 ^ c1 ^ k0;
      c2 = high0 ^ c3 ^ k1;
      c1 = low1;
      c3 = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    *(nk_vu *)(words + first) = c0;
    *(nk_vu *)(words + 16 + first) = c1;
    *(nk_vu *)(words + 32 + first) = c2;
    *(nk_vu *)(words + 48 + first) = c3;
  }
}

static void NK_NAME(nk_dropout)(size_t count, const float *x, float *y, uint8_t *mask,
                                uint32_t threshold, float scale, uint64_t key, uint64_t stream,
                                uint64_t first) {
  uint32_t words[64];
  nk_vf zero = {0};
  for (size_t done = 0; done < count;) {
    uint64_t element = first + done;
    size_t skip = (size_t)(element % 64);
    size_t n = 64 - skip < count - done ? 64 - skip : count - done;
    NK_NAME(nk_random_group)(key, stream, element / 64, words);
    size_t i = 0;
    for (; i + NK_WIDTH <= n; i += NK_WIDTH) {
      nk_vi keep = *(const nk_vu *)(words + skip + i) >= threshold;
      nk_store(y + done + i, nk_select(keep, nk_load(x + done + i) * scale, zero));
      *(nk_vb *)(mask + done + i) = __builtin_convertvector(keep & 1, nk_vb);
    }
    for (; i < n; i++) {
      bool keep = words[skip + i] >= threshold;
      y[done + i] = keep ? x[done + i] * scale : 0;
      mask[done + i] = keep;
    }
    done += n;
  }
}

static void NK_NAME(nk_dropout_backward)(size_t count, const uint8_t *mask, float scale,
                                         const float *dy, float *dx, bool accumulate) {
  nk_vf zero = {0};
  size_t i = 0;
  for (; i + NK_WIDTH <= count; i += NK_WIDTH) {
    nk_vi keep = __builtin_convertvector(*(const nk_vb *)(mask + i), nk_vi) != 0;
    nk_vf d = nk_select(keep, nk_load(dy + i) * scale, zero);
    nk_store(dx + i, accumulate ? nk_load(dx + i) + d : d);
  }
  for (; i < count; i++) {
    float d = mask[i] ? dy[i] * scale : 0;
    dx[i] = accumulate ? dx[i] + d : d;
  }
}
