#define _GNU_SOURCE
#include "include/system_thread.h"

#include <pthread.h>
#include <stdint.h>

void nk_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

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
