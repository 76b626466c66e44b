// zlib for Swift; `inflateInit2` is a macro, which Swift cannot see.
#ifndef NEEDLETAIL_CZLIB_SHIM_H
#define NEEDLETAIL_CZLIB_SHIM_H

#include <zlib.h>

static inline int czlib_inflate_init2(z_streamp stream, int windowBits) {
  return inflateInit2(stream, windowBits);
}

#endif
