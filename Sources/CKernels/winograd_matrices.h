// The products with Winograd's matrices, on vectors, for the instruction set being compiled: A, B
// and G of F(2, 3) to F(5, 3), and their transposes. No include guard.
//
// A one-dimensional F(m, 3) is y = Aᵀ((G w) ⊙ (Bᵀ x)) with m outputs, m + 2 inputs and three weights. It
// interpolates a polynomial at m + 1 points and at infinity:
//
//     F(2, 3)   0, 1, −1
//     F(3, 3)   0, 1, −1,        −½
//     F(4, 3)   0, 1, −1, ½, −2
//     F(5, 3)   0, 1, −1, ½, −2, −½
//
// ½ and −2 round a third as much as the usual ±2: Barabasz et al., "Error Analysis and Improving the
// Accuracy of Winograd Convolution for Deep Neural Networks" (2020).
//
// Row k of Bᵀ has the coefficients of the polynomial with zeros at all points but the k-th: one more
// point p is one more factor (x − p). Row k of G is (1, p, p²) over that polynomial's value at the k-th
// point. The polynomials of infinity have the sign −1, and so has that column of Aᵀ.

#undef nk_wg_bt
#undef nk_wg_at
#undef nk_wg_a
#undef nk_wg_b
#undef nk_wg_g
#undef nk_wg_gt
#undef nk_wg_point
#undef nk_wg_scale
#define nk_wg_bt NK_NAME(nk_wg_bt_)
#define nk_wg_at NK_NAME(nk_wg_at_)
#define nk_wg_a NK_NAME(nk_wg_a_)
#define nk_wg_b NK_NAME(nk_wg_b_)
#define nk_wg_g NK_NAME(nk_wg_g_)
#define nk_wg_gt NK_NAME(nk_wg_gt_)
#define nk_wg_point NK_NAME(nk_wg_point_)
#define nk_wg_scale NK_NAME(nk_wg_scale_)

// The interpolation point of column `index` of Aᵀ, but infinity.
NK_INLINE float nk_wg_point(const int tile, const int index) {
  const float points[6] = {0, 1, -1, 0.5f, -2, -0.5f};
  return points[tile == 3 && index == 3 ? 5 : index];
}

// What row `index` of G is divided by, but that of infinity: its inverse.
NK_INLINE float nk_wg_scale(const int tile, const int index) {
  const float scales[4][6] = {
      {1, 1.0f / 2, 1.0f / 2},
      {2, 1.0f / 3, -1, -8.0f / 3},
      {-1, 1.0f / 3, -1.0f / 3, -16.0f / 15, 1.0f / 15},
      {-2, 2.0f / 9, 2.0f / 3, -16.0f / 15, -2.0f / 45, 16.0f / 9},
  };
  return scales[tile - 2][index];
}

// o = Bᵀ d for F(2, 3).
NK_INLINE void NK_NAME(nk_wg_bt_2)(const nk_vf *d, nk_vf *o) {
  o[0] = d[0] - d[2];
  o[1] = d[1] + d[2];
  o[2] = d[2] - d[1];
  o[3] = d[1] - d[3];
}

// o = Bᵀ d for F(4, 3): the factor (x − ½)(x + 2) goes into the images.
NK_INLINE void NK_NAME(nk_wg_bt_4)(const nk_vf *d, nk_vf *o) {
  nk_vf e[4], p[4];
  NK_UNROLL for (int i = 0; i < 4; i++) e[i] = 1.5f * d[i + 1] + (d[i + 2] - d[i]);
  NK_NAME(nk_wg_bt_2)(e, p);
  nk_vf odd = d[3] - d[1], even = d[4] - d[2];
  NK_UNROLL for (int i = 0; i < 3; i++) o[i] = p[i];
  o[3] = even + 2.0f * odd;
  o[4] = even - 0.5f * odd;
  o[5] = p[3];
}

// o = Bᵀ d
NK_INLINE void nk_wg_bt(const int tile, const nk_vf *d, nk_vf *o) {
  nk_vf e[6], p[6];
  if (tile == 2) {
    NK_NAME(nk_wg_bt_2)(d, o);
  } else if (tile == 4) {
    NK_NAME(nk_wg_bt_4)(d, o);
  } else {
    // The factor (x + ½); at −½ is seen what the smaller tile sees at infinity.
    NK_UNROLL for (int i = 0; i <= tile; i++) e[i] = 0.5f * d[i] + d[i + 1];
    if (tile == 3) {
      NK_NAME(nk_wg_bt_2)(e, p);
      o[4] = d[1] - d[3];
    } else {
      NK_NAME(nk_wg_bt_4)(e, p);
      o[6] = 1.5f * (d[2] - d[4]) + ((d[3] - d[1]) + (d[3] - d[5]));
    }
    NK_UNROLL for (int i = 0; i < tile; i++) o[i] = p[i];
    o[tile] = o[tile + 1];
    o[tile + 1] = p[tile];
  }
}

// o = B v for F(2, 3).
NK_INLINE void NK_NAME(nk_wg_b_2)(const nk_vf *v, nk_vf *o) {
  o[0] = v[0];
  o[1] = (v[1] - v[2]) + v[3];
  o[2] = (v[1] + v[2]) - v[0];
  o[3] = -v[3];
}

// o = B v for F(4, 3).
NK_INLINE void NK_NAME(nk_wg_b_4)(const nk_vf *v, nk_vf *o) {
  nk_vf p[4] = {v[0], v[1], v[2], v[5]}, e[4];
  NK_NAME(nk_wg_b_2)(p, e);
  nk_vf even = v[3] + v[4], odd = 2.0f * v[3] - 0.5f * v[4];
  o[0] = -e[0];
  o[1] = 1.5f * e[0] - (e[1] + odd);
  o[2] = 1.5f * e[1] + ((e[0] - e[2]) - even);
  o[3] = 1.5f * e[2] + ((e[1] - e[3]) + odd);
  o[4] = 1.5f * e[3] + (e[2] + even);
  o[5] = e[3];
}

// o = B v
NK_INLINE void nk_wg_b(const int tile, const nk_vf *v, nk_vf *o) {
  if (tile == 2) {
    NK_NAME(nk_wg_b_2)(v, o);
  } else if (tile == 4) {
    NK_NAME(nk_wg_b_4)(v, o);
  } else {
    nk_vf p[6], e[6], half = v[tile];
    NK_UNROLL for (int i = 0; i < tile; i++) p[i] = v[i];
    p[tile] = v[tile + 1];
    if (tile == 3)
      NK_NAME(nk_wg_b_2)(p, e);
    else
      NK_NAME(nk_wg_b_4)(p, e);
    o[0] = 0.5f * e[0];
    NK_UNROLL for (int i = 1; i <= tile; i++) o[i] = 0.5f * e[i] + e[i - 1];
    o[tile + 1] = e[tile];
    if (tile == 3) {
      o[1] += half;
      o[3] -= half;
    } else {
      o[1] -= half;
      o[2] += 1.5f * half;
      o[3] += 2.0f * half;
      o[4] -= 1.5f * half;
      o[5] -= half;
    }
  }
}

// o = Aᵀ m
NK_INLINE void nk_wg_at(const int tile, const nk_vf *m, nk_vf *o) {
  const nk_vf even = m[1] + m[2], odd = m[1] - m[2];
  float powers[6] = {1, 1, 1, 1, 1, 1};
  NK_UNROLL for (int i = 0; i < tile; i++) {
    o[i] = i % 2 == 0 ? even : odd;
    NK_UNROLL for (int k = 3; k <= tile; k++) {
      o[i] += powers[k] * m[k];
      powers[k] *= nk_wg_point(tile, k);
    }
  }
  o[0] += m[0];
  o[tile - 1] -= m[tile + 1];
}

// o = A y
NK_INLINE void nk_wg_a(const int tile, const nk_vf *y, nk_vf *o) {
  nk_vf even = y[0], odd = y[1];
  NK_UNROLL for (int i = 2; i < tile; i++) {
    if (i % 2 == 0)
      even += y[i];
    else
      odd += y[i];
  }
  o[0] = y[0];
  o[1] = even + odd;
  o[2] = even - odd;
  NK_UNROLL for (int k = 3; k <= tile; k++) {
    o[k] = y[tile - 1];
    NK_UNROLL for (int i = tile - 2; i >= 0; i--) o[k] = nk_wg_point(tile, k) * o[k] + y[i];
  }
  o[tile + 1] = -y[tile - 1];
}

// o = G w
NK_INLINE void nk_wg_g(const int tile, const nk_vf *w, nk_vf *o) {
  NK_UNROLL for (int k = 0; k <= tile; k++) {
    const float p = nk_wg_point(tile, k);
    o[k] = nk_wg_scale(tile, k) * (k == 0 ? w[0] : p * p * w[2] + w[0] + p * w[1]);
  }
  o[tile + 1] = w[2];
}

// o = Gᵀ u
NK_INLINE void nk_wg_gt(const int tile, const nk_vf *u, nk_vf *o) {
  const nk_vf plus = nk_wg_scale(tile, 1) * u[1], minus = nk_wg_scale(tile, 2) * u[2];
  o[0] = nk_wg_scale(tile, 0) * u[0] + (plus + minus);
  o[1] = plus - minus;
  o[2] = u[tile + 1] + (plus + minus);
  NK_UNROLL for (int k = 3; k <= tile; k++) {
    const float p = nk_wg_point(tile, k), scale = nk_wg_scale(tile, k);
    o[0] += scale * u[k];
    o[1] += scale * p * u[k];
    o[2] += scale * p * p * u[k];
  }
}
