// The inner loops that need an instruction set, and nothing else.
//
// Every `nk_` function runs on the calling thread, takes pointers and counts, allocates nothing
// and never fails. Arrays need no alignment and may not overlap unless a comment says so.
#ifndef NEEDLETAIL_CKERNELS_H
#define NEEDLETAIL_CKERNELS_H

#include "activation.h"
#include "augmentation.h"
#include "batch_normalization.h"
#include "broadcast.h"
#include "bytes.h"
#include "column_sums.h"
#include "copying.h"
#include "depthwise.h"
#include "dropout.h"
#include "elementwise.h"
#include "isa.h"
#include "loss.h"
#include "machine_limits.h"
#include "optimizer.h"
#include "patches.h"
#include "philox.h"
#include "pooled_convolution.h"
#include "pooled_gradient.h"
#include "pooling.h"
#include "prefetch.h"
#include "reduction.h"
#include "small_product.h"
#include "softmax.h"
#include "sparse_product.h"
#include "system_thread.h"
#include "thread_mode.h"
#include "tile.h"
#include "window.h"
#include "winograd.h"

#endif
