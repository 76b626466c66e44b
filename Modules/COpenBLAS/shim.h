// What is called of OpenBLAS, and how it is loaded: it is not linked, because it would start threads as it
// is loaded, and because a program that embeds us may have an OpenBLAS of its own.
#ifndef NEEDLETAIL_COPENBLAS_SHIM_H
#define NEEDLETAIL_COPENBLAS_SHIM_H

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;
#if defined(__GLIBC__)
// Declared by dlfcn.h for _GNU_SOURCE only, which whoever included it first has decided.
extern void *dlmopen(long name_space, const char *file, int mode);
#endif

// The enumerations of cblas.h.
enum { copenblas_row_major = 101, copenblas_no_transpose = 111, copenblas_transpose = 112 };

// cblas_sgemm and cblas_sgemv: builds with numbers of 32 bits, as libopenblas.so.0 has them.
typedef void (*copenblas_sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                                float alpha, const float *a, int lda, const float *b, int ldb,
                                float beta, float *c, int ldc);
typedef void (*copenblas_sgemv)(int order, int transpose, int m, int n, float alpha, const float *a,
                                int lda, const float *x, int step_x, float beta, float *y,
                                int step_y);
typedef char *_Nonnull (*copenblas_text)(void);
typedef int (*copenblas_number)(void);
typedef void (*copenblas_action)(void);
typedef void *(*copenblas_take_buffer)(int purpose);
typedef void (*copenblas_give_buffer)(void *buffer);
typedef int (*copenblas_setenv)(const char *name, const char *value, int overwrites);
typedef int (*copenblas_unsetenv)(const char *name);

// The environment, with a number of threads of 1 for OpenBLAS in each of its builds; NULL without memory.
// What it is given to keeps it, so nobody frees it.
static inline char **copenblas_environment(void) {
  static const char *const replaced[] = {"OPENBLAS_NUM_THREADS=", "GOTO_NUM_THREADS=",
                                         "OMP_NUM_THREADS="};
  size_t count = 0;
  while (environ != NULL && environ[count] != NULL) count++;
  char **copy = (char **)calloc(count + 3, sizeof *copy);
  if (copy == NULL) return NULL;
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    int is_replaced = 0;
    for (size_t j = 0; j < 3; j++) {
      is_replaced |= strncmp(environ[i], replaced[j], strlen(replaced[j])) == 0;
    }
    if (!is_replaced && (copy[kept] = strdup(environ[i])) != NULL) kept++;
  }
  copy[kept] = strdup("OPENBLAS_NUM_THREADS=1");
  if (copy[kept] != NULL) copy[kept + 1] = strdup("OMP_NUM_THREADS=1");
  return copy[kept] == NULL || copy[kept + 1] == NULL ? NULL : copy;
}

// Loads a library that sees the given environment, in a name space of its own where the C library has
// them: another copy than any that the process has or will load, with a C library of its own.
//
// The process has that environment meanwhile, which differs in the numbers of threads alone; its own is
// not changed, since another thread may be reading it.
static inline void *copenblas_open(const char *name, char **environment) {
  char **own = environ;
  environ = environment;
#if defined(__GLIBC__)
  void *library = dlmopen(-1, name, RTLD_NOW | RTLD_LOCAL);
#else
  void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
#endif
  environ = own;
  return library;
}

#endif
