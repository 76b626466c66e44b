#define _GNU_SOURCE
#include "include/system_thread.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

void nk_begin_thread(const char *name) {
  pthread_setname_np(pthread_self(), name);
  // The C library sets addresses aside for a thread at its first allocation; volatile, so that there is one.
  void *volatile first = malloc(1);
  free(first);
}

size_t nk_remaining_stack(void) {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void *lowest = NULL;
  size_t size = 0;
  int status = pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  return status == 0 && here > (uintptr_t)lowest ? here - (uintptr_t)lowest : 0;
}
