#ifndef NEEDLETAIL_CKERNELS_SYSTEM_THREAD_H
#define NEEDLETAIL_CKERNELS_SYSTEM_THREAD_H

#include <stddef.h>

// What C libraries declare for _GNU_SOURCE only, which Swift cannot ask for.

/// Names the calling thread for the system's tools; a name of more than 15 bytes is refused.
void nk_name_thread(const char *name);

/// How many bytes are left of the calling thread's stack; 0 where the system does not tell.
size_t nk_remaining_stack(void);

#endif
