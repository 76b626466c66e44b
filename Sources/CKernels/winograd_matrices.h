// The products with Winograd's matrices, on vectors, for the instruction set being compiled: A, B
// and G of F(2, 3) and F(4, 3), and their transposes. No include guard.
//
// A one-dimensional F(m, 3) is y = Aᵀ((G w) ⊙ (Bᵀ x)) with m outputs, m + 2 inputs and three weights.

#undef nk_wg_bt
#undef nk_wg_at
#undef nk_wg_a
#undef nk_wg_b
#undef nk_wg_g
#undef nk_wg_gt
#define nk_wg_bt NK_NAME(nk_wg_bt_)
#define nk_wg_at NK_NAME(nk_wg_at_)
#define nk_wg_a NK_NAME(nk_wg_a_)
#define nk_wg_b NK_NAME(nk_wg_b_)
#define nk_wg_g NK_NAME(nk_wg_g_)
#define nk_wg_gt NK_NAME(nk_wg_gt_)

// o = Bᵀ d
NK_INLINE void nk_wg_bt(const int tile, const nk_vf *d, nk_vf *o) {
  if (tile == 2) {
    o[0] = d[0] - d[2];
    o[1] = d[1] + d[2];
    o[2] = d[2] - d[1];
    o[3] = d[1] - d[3];
  } else {
    nk_vf even = d[4] - 4.0f * d[2], odd = d[3] - 4.0f * d[1];
    nk_vf even2 = d[4] - d[2], odd2 = 2.0f * (d[3] - d[1]);
    o[0] = 4.0f * d[0] + (d[4] - 5.0f * d[2]);
    o[1] = even + odd;
    o[2] = even - odd;
    o[3] = even2 + odd2;
    o[4] = even2 - odd2;
    o[5] = 4.0f * d[1] + (d[5] - 5.0f * d[3]);
  }
}

// o = B v
NK_INLINE void nk_wg_b(const int tile, const nk_vf *v, nk_vf *o) {
  if (tile == 2) {
    o[0] = v[0];
    o[1] = (v[1] - v[2]) + v[3];
    o[2] = (v[1] + v[2]) - v[0];
    o[3] = -v[3];
  } else {
    nk_vf sum1 = v[1] + v[2], difference1 = v[1] - v[2];
    nk_vf sum2 = v[3] + v[4], difference2 = v[3] - v[4];
    o[0] = 4.0f * v[0];
    o[1] = 4.0f * (v[5] - difference1) - 2.0f * difference2;
    o[2] = -5.0f * v[0] - 4.0f * sum1 - sum2;
    o[3] = 2.0f * difference2 + (difference1 - 5.0f * v[5]);
    o[4] = v[0] + (sum1 + sum2);
    o[5] = v[5];
  }
}

// o = Aᵀ m
NK_INLINE void nk_wg_at(const int tile, const nk_vf *m, nk_vf *o) {
  if (tile == 2) {
    o[0] = m[0] + (m[1] + m[2]);
    o[1] = (m[1] - m[2]) - m[3];
  } else {
    nk_vf sum1 = m[1] + m[2], difference1 = m[1] - m[2];
    nk_vf sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    o[0] = m[0] + (sum1 + sum2);
    o[1] = 2.0f * difference2 + difference1;
    o[2] = 4.0f * sum2 + sum1;
    o[3] = m[5] + (8.0f * difference2 + difference1);
  }
}

// o = A y
NK_INLINE void nk_wg_a(const int tile, const nk_vf *y, nk_vf *o) {
  if (tile == 2) {
    o[0] = y[0];
    o[1] = y[0] + y[1];
    o[2] = y[0] - y[1];
    o[3] = -y[1];
  } else {
    nk_vf even = y[0] + y[2], odd = y[1] + y[3];
    nk_vf even2 = 4.0f * y[2] + y[0], odd2 = 2.0f * (4.0f * y[3] + y[1]);
    o[0] = y[0];
    o[1] = even + odd;
    o[2] = even - odd;
    o[3] = even2 + odd2;
    o[4] = even2 - odd2;
    o[5] = y[3];
  }
}

// o = G w
NK_INLINE void nk_wg_g(const int tile, const nk_vf *w, nk_vf *o) {
  if (tile == 2) {
    nk_vf even = 0.5f * (w[0] + w[2]), odd = 0.5f * w[1];
    o[0] = w[0];
    o[1] = even + odd;
    o[2] = even - odd;
    o[3] = w[2];
  } else {
    nk_vf even = (-1.0f / 6) * (w[0] + w[2]), odd = (1.0f / 6) * w[1];
    nk_vf even2 = (1.0f / 24) * w[0] + (1.0f / 6) * w[2], odd2 = (1.0f / 12) * w[1];
    o[0] = 0.25f * w[0];
    o[1] = even - odd;
    o[2] = even + odd;
    o[3] = even2 + odd2;
    o[4] = even2 - odd2;
    o[5] = w[2];
  }
}

// o = Gᵀ u
NK_INLINE void nk_wg_gt(const int tile, const nk_vf *u, nk_vf *o) {
  if (tile == 2) {
    nk_vf sum = 0.5f * (u[1] + u[2]);
    o[0] = u[0] + sum;
    o[1] = 0.5f * (u[1] - u[2]);
    o[2] = sum + u[3];
  } else {
    nk_vf sum1 = u[1] + u[2], difference1 = u[2] - u[1];
    nk_vf sum2 = u[3] + u[4], difference2 = u[3] - u[4];
    o[0] = 0.25f * u[0] + ((1.0f / 24) * sum2 - (1.0f / 6) * sum1);
    o[1] = (1.0f / 6) * difference1 + (1.0f / 12) * difference2;
    o[2] = (1.0f / 6) * (sum2 - sum1) + u[5];
  }
}
