#define _GNU_SOURCE
#include "CLinux.h"

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

void cl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

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
