// Runs a program under a filter of system calls (seccomp), as containers and sandboxes do:
//
//     RestrictedProgram favours|rename|fsync EPERM|ENOSYS|EINVAL|EXDEV|EOPNOTSUPP PROGRAM [ARGUMENT ...]
//
// Calls of the named kind are refused with the error: those that ask for a favour or tell about the
// machine, or what a mount of an object store lacks. Exits with 98 where the system has no such filters or
// allows none.

#include <stdio.h>

#ifdef __linux__

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Not fsync: without it there are no checkpoints that outlive the machine, and that is an error.
static const int favours[] = {
    SYS_sched_setaffinity, SYS_sched_getaffinity, SYS_sched_setscheduler, SYS_sched_getscheduler,
    SYS_setpriority,       SYS_getpriority,       SYS_perf_event_open,    SYS_membarrier,
    SYS_madvise,           SYS_mremap,            SYS_mlock,              SYS_mbind,
    SYS_get_mempolicy,     SYS_set_mempolicy,     SYS_getcpu,             SYS_prlimit64,
    SYS_sysinfo,           SYS_statfs,            SYS_fstatfs,            SYS_flock,
    SYS_getrandom,         SYS_getrusage,         SYS_times,              SYS_uname,
    SYS_ioctl,             SYS_memfd_create,
};

static const int renaming[] = {
#ifdef SYS_rename
    SYS_rename,
#endif
    SYS_renameat, SYS_renameat2,
};

static const int forcing[] = {SYS_fsync, SYS_fdatasync};

static const struct {
  const char *name;
  const int *calls;
  int count;
} kinds[] = {
    {"favours", favours, sizeof favours / sizeof *favours},
    {"rename", renaming, sizeof renaming / sizeof *renaming},
    {"fsync", forcing, sizeof forcing / sizeof *forcing},
};

static const struct {
  const char *name;
  int number;
} errors[] = {
    {"EPERM", EPERM}, {"ENOSYS", ENOSYS}, {"EINVAL", EINVAL}, {"EXDEV", EXDEV},
    {"EOPNOTSUPP", EOPNOTSUPP},
};

int main(int count, char **arguments) {
  if (count < 4) return 64;
  const int *refused = NULL;
  int refusedCount = 0, error = 0;
  for (int kind = 0; kind < 3; kind++) {
    if (strcmp(arguments[1], kinds[kind].name) != 0) continue;
    refused = kinds[kind].calls;
    refusedCount = kinds[kind].count;
  }
  for (int index = 0; index < 5; index++) {
    if (strcmp(arguments[2], errors[index].name) == 0) error = errors[index].number;
  }
  if (refused == NULL || error == 0) return 64;
  struct sock_filter filter[2 * 64 + 2];
  int length = 0;
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                                  offsetof(struct seccomp_data, nr));
  for (int index = 0; index < refusedCount; index++) {
    filter[length++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[index], 0, 1);
    filter[length++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error);
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {(unsigned short)length, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("seccomp");
    return 98;
  }
  execv(arguments[3], arguments + 3);
  perror(arguments[3]);
  return 97;
}

#else

int main(void) {
  fputs("seccomp: only Linux has it\n", stderr);
  return 98;
}

#endif
