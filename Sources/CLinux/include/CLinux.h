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

// Calls for which Debian 12's libc has no wrapper.
int cl_pidfd_open(pid_t pid, unsigned int flags);
int cl_pidfd_send_signal(int pidfd, int signal);

// `struct ucred` needs _GNU_SOURCE.
int cl_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid);

// Function-like macros.
int cl_is_directory(mode_t mode);
int cl_is_regular(mode_t mode);
int cl_is_link(mode_t mode);
int cl_is_socket(mode_t mode);

#endif
