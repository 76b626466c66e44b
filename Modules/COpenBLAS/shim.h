// CBLAS, OpenBLAS' run-time controls and LAPACKE for Swift.
//
// Swift cannot import C99 complex types, so LAPACKE is told to use plain structures of the same
// layout; real routines are unaffected.
#ifndef NEEDLETAIL_COPENBLAS_SHIM_H
#define NEEDLETAIL_COPENBLAS_SHIM_H

#include <cblas.h>

typedef struct { float real, imag; } copenblas_complex_float;
typedef struct { double real, imag; } copenblas_complex_double;
#define LAPACK_COMPLEX_CUSTOM
#define lapack_complex_float copenblas_complex_float
#define lapack_complex_double copenblas_complex_double
#include <lapacke.h>

#endif
