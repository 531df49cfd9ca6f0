// System calls and macros that Swift's Glibc module lacks: headers it does not include, variadic functions,
// and calls without a libc wrapper. No logic; a failing shim returns -errno; descriptors are close-on-exec.
//
// `_GNU_SOURCE` stays out of this header: with it libc's types differ from those of Swift's Glibc module, and the
// compiler refuses the pair. What needs it is a function in CLinux.c.
#ifndef MCPD_CLINUX_H
#define MCPD_CLINUX_H

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Variadic functions, which Swift does not import.
int cl_openat(int directory, const char *path, int flags, mode_t mode);
int cl_fcntl(int fd, int command, long argument);
int cl_ioctl(int fd, unsigned long request, void *argument);
int cl_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

// A GNU extension, so not in Swift's Glibc module.
void cl_name_thread(const char *name);
// The calling thread runs only when nothing else wants to; there is no way back for a normal user.
void cl_make_thread_idle(void);

// A GNU extension: accepts close-on-exec and non-blocking at once.
int cl_accept(int socket);

// Calls for which Debian 12's libc has no wrapper.
int cl_pidfd_open(pid_t pid, unsigned int flags);
int cl_pidfd_send_signal(int pidfd, int signal);

// `struct ucred` needs _GNU_SOURCE.
int cl_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid);
// Flags that libc shows to `_GNU_SOURCE` only; CLinux.c asserts that they agree with it.
enum { CL_O_PATH = 010000000, CL_AT_EMPTY_PATH = 0x1000, CL_AT_NO_AUTOMOUNT = 0x800 };
enum { CL_RESOLVE_NO_MAGICLINKS = 0x02, CL_RESOLVE_NO_SYMLINKS = 0x04, CL_RESOLVE_BENEATH = 0x08 };

// What `statx` says of a file, without the type that needs `_GNU_SOURCE`. Times are nanoseconds since 1970.
struct cl_status {
  uint64_t inode;
  uint64_t size;
  uint64_t device;
  uint64_t special_device;
  int64_t changed;
  int64_t modified;
  uint32_t links;
  uint32_t owner;
  uint16_t mode;
};
int cl_statx(int directory, const char *path, int flags, struct cl_status *status);

// Calls for which libc's wrapper is missing or needs `_GNU_SOURCE`.
long cl_getdents64(int fd, void *buffer, unsigned long length);
int cl_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int cl_renameat2(int from, const char *old, int to, const char *new, unsigned int flags);
int cl_memfd_create(const char *name, unsigned int flags);
// `nanoseconds` below zero waits for ever.
int cl_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds);

// Function-like macros.
int cl_is_directory(mode_t mode);
int cl_is_regular(mode_t mode);
int cl_is_link(mode_t mode);
int cl_is_socket(mode_t mode);

// A process start: what the child does between clone and exec, in this order, by async-signal-safe calls only.
enum cl_session { CL_SAME_SESSION = 0, CL_NEW_GROUP = 1, CL_NEW_SESSION = 2 };

enum cl_step {
  CL_STEP_CLONE = 0,
  CL_STEP_DEATH_SIGNAL = 1,
  CL_STEP_SESSION = 2,
  CL_STEP_LIMIT = 3,
  CL_STEP_NICE = 4,
  CL_STEP_USER = 5,
  CL_STEP_NO_NEW_PRIVILEGES = 6,
  CL_STEP_DIRECTORY = 7,
  CL_STEP_DESCRIPTORS = 8,
  CL_STEP_EXEC = 9,
};

struct cl_limit {
  int resource;
  uint64_t soft, hard;
};

struct cl_user {
  uint32_t uid, gid;
  size_t group_count;
  const uint32_t *groups;
};

struct cl_start {
  const char *program;
  char *const *arguments;
  char *const *environment;
  int directory;           // an open directory, or -1 for the parent's
  int standard[3];         // what becomes 0, 1 and 2
  const int *kept;         // descriptors above 2 that stay open, under the same numbers
  size_t kept_count;
  int session;             // enum cl_session
  int death_signal;        // sent when the starting thread ends; 0 for none
  uint64_t blocked;        // signals that stay blocked for the program: bit n - 1 for signal n
  int no_new_privileges;
  int niceness;            // 0 leaves it
  int idle_io;
  const struct cl_limit *limits;
  size_t limit_count;
  const struct cl_user *user;  // NULL leaves it
};

struct cl_start_failure {
  int step;   // enum cl_step
  int error;  // errno
};

struct cl_end {
  pid_t pid;  // 0 when nothing has ended
  int was_signaled;
  int status;  // exit code or signal
  int64_t cpu_microseconds, peak_kibibytes;
};

// Returns the process id once the program runs, or -errno with the failed step in `failure` and nothing left behind.
int cl_start_process(const struct cl_start *start, int *pidfd, struct cl_start_failure *failure);
int cl_reap(int pidfd, int without_waiting, struct cl_end *end);
int cl_reap_any(struct cl_end *end);
int cl_reap_child(pid_t pid, struct cl_end *end);
// The id of some child that has ended and is not reaped yet, 0 when there is none.
int cl_peek_ended(void);
void cl_children_usage(int64_t *cpu_microseconds, int64_t *peak_kibibytes);
int cl_pipe(int ends[2], int flags);

#endif
