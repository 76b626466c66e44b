// How nk_binary and its gradient walk over an output and find what repeated operands hold there.
// Not vector code: compiled once, for the baseline.
#ifndef NEEDLETAIL_CKERNELS_BROADCAST_WALK_H
#define NEEDLETAIL_CKERNELS_BROADCAST_WALK_H

#include <string.h>

#include "include/broadcast.h"

// Rows shorter than this are handled several at a time.
#define NK_BLOCK 1024
#define NK_SHORT_ROW 64

// A place in the output: the first element of a block.
typedef struct {
  const nk_broadcast *geometry;
  ptrdiff_t index[NK_BROADCAST_RANK];
  size_t element;
} nk_walk;

// One operand along a walk.
typedef struct {
  const float *base;
  const ptrdiff_t *stride;
  bool contiguous;  // Nothing is repeated.
  bool periodic;    // Only the last dimension, if any, is not repeated.
  ptrdiff_t phase;  // Of the last dimension, at which the buffer's content starts; -1: no content.
  size_t filled;
  float buffer[NK_BLOCK];
} nk_operand;

static void nk_walk_begin(nk_walk *walk, const nk_broadcast *g, size_t element) {
  walk->geometry = g;
  walk->element = element;
  for (int d = g->rank - 1; d >= 0; d--) {
    walk->index[d] = (ptrdiff_t)(element % (size_t)g->extent[d]);
    element /= (size_t)g->extent[d];
  }
}

// How many elements the next block takes: a part of one long row, or several short ones that end
// with a row.
static size_t nk_walk_length(const nk_walk *walk, size_t remaining) {
  const nk_broadcast *g = walk->geometry;
  size_t row = (size_t)g->extent[g->rank - 1], column = (size_t)walk->index[g->rank - 1];
  size_t length = row < NK_SHORT_ROW ? NK_BLOCK / row * row - column
                  : row - column < NK_BLOCK ? row - column
                                            : NK_BLOCK;
  return length < remaining ? length : remaining;
}

// To the next row.
static void nk_next_row(const nk_broadcast *g, ptrdiff_t *index) {
  index[g->rank - 1] = 0;
  for (int d = g->rank - 2; d >= 0; d--) {
    if (++index[d] < g->extent[d]) return;
    index[d] = 0;
  }
}

static void nk_walk_advance(nk_walk *walk, size_t length) {
  const nk_broadcast *g = walk->geometry;
  size_t left = (size_t)(g->extent[g->rank - 1] - walk->index[g->rank - 1]);
  if (length > left) {
    nk_walk_begin(walk, g, walk->element + length);
    return;
  }
  walk->element += length;
  if (length < left)
    walk->index[g->rank - 1] += (ptrdiff_t)length;
  else
    nk_next_row(g, walk->index);
}

static ptrdiff_t nk_row_offset(const nk_broadcast *g, const ptrdiff_t *index,
                               const ptrdiff_t *stride) {
  ptrdiff_t offset = 0;
  for (int d = 0; d < g->rank - 1; d++) offset += index[d] * stride[d];
  return offset;
}

static void nk_operand_begin(nk_operand *o, const nk_broadcast *g, const float *base,
                             const ptrdiff_t *stride) {
  o->base = base;
  o->stride = stride;
  o->contiguous = true;
  o->periodic = true;
  o->phase = -1;
  o->filled = 0;
  for (int d = 0; d < g->rank; d++) {
    if (stride[d] == 0) o->contiguous = false;
    if (stride[d] != 0 && d < g->rank - 1) o->periodic = false;
  }
}

// What the operand holds in the block of `length` elements at the walk's place.
static const float *nk_operand_block(nk_operand *o, const nk_walk *walk, size_t length) {
  if (!o->base) return NULL;
  if (o->contiguous) return o->base + walk->element;
  const nk_broadcast *g = walk->geometry;
  int last = g->rank - 1;
  size_t row = (size_t)g->extent[last];
  if (row >= NK_SHORT_ROW && o->stride[last] == 1)
    return o->base + nk_row_offset(g, walk->index, o->stride) + walk->index[last];
  ptrdiff_t phase = o->stride[last] == 0 ? 0 : walk->index[last];
  if (o->periodic && o->phase == phase && o->filled >= length) return o->buffer;
  ptrdiff_t index[NK_BROADCAST_RANK];
  memcpy(index, walk->index, sizeof(index));
  for (size_t i = 0; i < length;) {
    size_t column = (size_t)index[last];
    size_t n = row - column < length - i ? row - column : length - i;
    const float *p = o->base + nk_row_offset(g, index, o->stride);
    if (o->stride[last] == 1) {
      for (size_t j = 0; j < n; j++) o->buffer[i + j] = p[column + j];
    } else {
      for (size_t j = 0; j < n; j++) o->buffer[i + j] = *p;
    }
    i += n;
    nk_next_row(g, index);
  }
  o->phase = phase;
  o->filled = length;
  return o->buffer;
}

#endif
