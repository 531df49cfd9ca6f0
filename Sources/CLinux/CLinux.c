#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/openat2.h>

_Static_assert(CL_O_PATH == O_PATH && CL_AT_EMPTY_PATH == AT_EMPTY_PATH, "libc's own values");
_Static_assert(CL_AT_NO_AUTOMOUNT == AT_NO_AUTOMOUNT, "libc's own value");
_Static_assert(CL_RESOLVE_NO_MAGICLINKS == RESOLVE_NO_MAGICLINKS, "the kernel's own value");
_Static_assert(CL_RESOLVE_NO_SYMLINKS == RESOLVE_NO_SYMLINKS, "the kernel's own value");
_Static_assert(CL_RESOLVE_BENEATH == RESOLVE_BENEATH, "the kernel's own value");

int cl_openat(int directory, const char *path, int flags, mode_t mode) {
  int fd = openat(directory, path, flags | O_CLOEXEC, mode);
  return fd < 0 ? -errno : fd;
}

int cl_fcntl(int fd, int command, long argument) {
  int result = fcntl(fd, command, argument);
  return result < 0 ? -errno : result;
}

int cl_ioctl(int fd, unsigned long request, void *argument) {
  int result = ioctl(fd, request, argument);
  return result < 0 ? -errno : result;
}

int cl_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  int result = prctl(option, a, b, c, d);
  return result < 0 ? -errno : result;
}

void cl_make_thread_idle(void) {
  struct sched_param parameter = {0};
  sched_setscheduler(0, SCHED_IDLE, &parameter);
}

void cl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int cl_accept(int socket) {
  int fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int cl_pidfd_open(pid_t pid, unsigned int flags) {
  long fd = syscall(SYS_pidfd_open, pid, flags);
  return fd < 0 ? -errno : (int)fd;
}

int cl_pidfd_send_signal(int pidfd, int signal) {
  long result = syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
  return result < 0 ? -errno : 0;
}

int cl_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -errno;
  *pid = credentials.pid;
  *uid = credentials.uid;
  *gid = credentials.gid;
  return 0;
}

int cl_is_directory(mode_t mode) { return S_ISDIR(mode); }
int cl_is_regular(mode_t mode) { return S_ISREG(mode); }
int cl_is_link(mode_t mode) { return S_ISLNK(mode); }
int cl_is_socket(mode_t mode) { return S_ISSOCK(mode); }

int cl_statx(int directory, const char *path, int flags, struct cl_status *status) {
  struct statx x;
  if (statx(directory, path, flags, STATX_BASIC_STATS, &x) != 0) return -errno;
  status->inode = x.stx_ino;
  status->size = x.stx_size;
  status->device = makedev(x.stx_dev_major, x.stx_dev_minor);
  status->special_device = makedev(x.stx_rdev_major, x.stx_rdev_minor);
  status->changed = x.stx_ctime.tv_sec * 1000000000LL + x.stx_ctime.tv_nsec;
  status->modified = x.stx_mtime.tv_sec * 1000000000LL + x.stx_mtime.tv_nsec;
  status->links = x.stx_nlink;
  status->owner = x.stx_uid;
  status->mode = x.stx_mode;
  return 0;
}

long cl_getdents64(int fd, void *buffer, unsigned long length) {
  long count = syscall(SYS_getdents64, fd, buffer, length);
  return count < 0 ? -errno : count;
}

int cl_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
  long fd = syscall(SYS_openat2, directory, path, &how, sizeof how);
  return fd < 0 ? -errno : (int)fd;
}

int cl_renameat2(int from, const char *old, int to, const char *new, unsigned int flags) {
  return renameat2(from, old, to, new, flags) != 0 ? -errno : 0;
}

int cl_memfd_create(const char *name, unsigned int flags) {
  int fd = memfd_create(name, flags | MFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int cl_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds) {
  struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
  int ready = epoll_pwait2(epoll, events, count, nanoseconds < 0 ? NULL : &timeout, NULL);
  return ready < 0 ? -errno : ready;
}
