#ifndef NEEDLETAIL_CKERNELS_SYSTEM_THREAD_H
#define NEEDLETAIL_CKERNELS_SYSTEM_THREAD_H

#include <stddef.h>

// What C libraries declare for _GNU_SOURCE only, which Swift cannot ask for.

/// Names the calling thread, which has just started, for the system's tools; a name of more than 15 bytes is
/// refused. Has the C library set its memory for the thread aside.
void nk_begin_thread(const char *name);

/// How many bytes are left of the calling thread's stack; 0 where the system does not tell.
size_t nk_remaining_stack(void);

#endif
