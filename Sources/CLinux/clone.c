// The child's half of a process start. Between clone and exec only async-signal-safe calls run, so it cannot be Swift.
#define _GNU_SOURCE
#include "CLinux.h"

#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/resource.h>

_Static_assert(sizeof(struct cl_start_failure) <= PIPE_BUF, "a failure is written whole or not at all");

static void give_up(int report, int step, int error) {
  struct cl_start_failure failure = {.step = step, .error = error};
  ssize_t ignored = write(report, &failure, sizeof failure);
  (void)ignored;
  _exit(127);
}

// A descriptor that will not be overwritten while 0, 1 and 2 are put in place.
static int above_standard(int fd) { return fd < 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : fd; }

static void become(const struct cl_start *start, int report) {
  // First of all: later steps may take time, and a parent that dies meanwhile must be noticed.
  if (start->death_signal && prctl(PR_SET_PDEATHSIG, start->death_signal, 0, 0, 0) < 0)
    give_up(report, CL_STEP_DEATH_SIGNAL, errno);
  if (start->session == CL_NEW_SESSION && setsid() < 0) give_up(report, CL_STEP_SESSION, errno);
  if (start->session == CL_NEW_GROUP && setpgid(0, 0) < 0) give_up(report, CL_STEP_SESSION, errno);

  for (size_t i = 0; i < start->limit_count; i++) {
    struct rlimit limit = {.rlim_cur = start->limits[i].soft, .rlim_max = start->limits[i].hard};
    if (setrlimit(start->limits[i].resource, &limit) < 0) give_up(report, CL_STEP_LIMIT, errno);
  }
  if (start->niceness && setpriority(PRIO_PROCESS, 0, start->niceness) < 0) give_up(report, CL_STEP_NICE, errno);
  // ioprio_set(IOPRIO_WHO_PROCESS, self, IOPRIO_CLASS_IDLE): best effort, schedulers without classes ignore it.
  if (start->idle_io) syscall(SYS_ioprio_set, 1, 0, 3 << 13);

  if (start->user) {
    // The raw calls: libc's wrappers would signal threads of the parent that do not exist here.
    if (syscall(SYS_setgroups, start->user->group_count, start->user->groups) < 0 ||
        syscall(SYS_setresgid, start->user->gid, start->user->gid, start->user->gid) < 0 ||
        syscall(SYS_setresuid, start->user->uid, start->user->uid, start->user->uid) < 0)
      give_up(report, CL_STEP_USER, errno);
    // A change of user clears it.
    if (start->death_signal) prctl(PR_SET_PDEATHSIG, start->death_signal, 0, 0, 0);
  }
  if (start->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    give_up(report, CL_STEP_NO_NEW_PRIVILEGES, errno);
  if (start->directory >= 0 && fchdir(start->directory) < 0) give_up(report, CL_STEP_DIRECTORY, errno);

  int standard[3];
  for (int i = 0; i < 3; i++) {
    standard[i] = above_standard(start->standard[i]);
    if (standard[i] < 0) give_up(report, CL_STEP_DESCRIPTORS, errno);
  }
  for (int i = 0; i < 3; i++)
    if (dup2(standard[i], i) < 0) give_up(report, CL_STEP_DESCRIPTORS, errno);
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) give_up(report, CL_STEP_DESCRIPTORS, errno);
  for (size_t i = 0; i < start->kept_count; i++)
    if (fcntl(start->kept[i], F_SETFD, 0) < 0) give_up(report, CL_STEP_DESCRIPTORS, errno);

  // Ignored signals stay ignored across exec, blocked ones blocked: both would surprise the program.
  // The raw call reaches the two that libc keeps for itself; all zero is SIG_DFL in every architecture's layout.
  uint64_t zero[16] = {0};
  for (int number = 1; number < NSIG; number++) syscall(SYS_rt_sigaction, number, zero, NULL, NSIG / 8);
  sigset_t blocked;
  sigemptyset(&blocked);
  for (int number = 1; number < NSIG; number++)
    if (start->blocked >> (number - 1) & 1) sigaddset(&blocked, number);
  sigprocmask(SIG_SETMASK, &blocked, NULL);

  execve(start->program, start->arguments, start->environment);
  give_up(report, CL_STEP_EXEC, errno);
}

int cl_start_process(const struct cl_start *start, int *pidfd, struct cl_start_failure *failure) {
  failure->step = CL_STEP_CLONE;
  failure->error = 0;
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) < 0) return -errno;
  int report = above_standard(pipe_ends[1]);
  if (report < 0) {
    int error = errno;
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return -error;
  }

  // No handler of the parent's may run in the child before its dispositions are reset.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  struct clone_args arguments;
  memset(&arguments, 0, sizeof arguments);
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
  arguments.exit_signal = SIGCHLD;
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) become(start, report);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);

  close(pipe_ends[1]);
  if (report != pipe_ends[1]) close(report);
  if (pid < 0) {
    close(pipe_ends[0]);
    return -error;
  }
  struct cl_start_failure told;
  ssize_t count;
  do count = read(pipe_ends[0], &told, sizeof told);
  while (count < 0 && errno == EINTR);
  close(pipe_ends[0]);
  if (count != sizeof told) return (int)pid;

  *failure = told;
  siginfo_t ignored;
  while (waitid(P_PIDFD, (id_t)*pidfd, &ignored, WEXITED) < 0 && errno == EINTR) {
  }
  close(*pidfd);
  *pidfd = -1;
  return -told.error;
}

static int reap(idtype_t kind, id_t id, int options, struct cl_end *end) {
  siginfo_t info;
  struct rusage usage;
  memset(&info, 0, sizeof info);
  memset(&usage, 0, sizeof usage);
  // The raw call: it alone tells what the process used.
  if (syscall(SYS_waitid, kind, id, &info, WEXITED | options, &usage) < 0) return -errno;
  end->pid = info.si_pid;
  end->was_signaled = info.si_code != CLD_EXITED;
  end->status = info.si_status;
  end->cpu_microseconds = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                          usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  end->peak_kibibytes = usage.ru_maxrss;
  return 0;
}

int cl_reap(int pidfd, int without_waiting, struct cl_end *end) {
  return reap(P_PIDFD, (id_t)pidfd, without_waiting ? WNOHANG : 0, end);
}

int cl_reap_any(struct cl_end *end) { return reap(P_ALL, 0, WNOHANG, end); }

int cl_reap_child(pid_t pid, struct cl_end *end) { return reap(P_PID, (id_t)pid, WNOHANG, end); }

int cl_peek_ended(void) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0) return -errno;
  return info.si_pid;
}

void cl_children_usage(int64_t *cpu_microseconds, int64_t *peak_kibibytes) {
  struct rusage usage;
  memset(&usage, 0, sizeof usage);
  getrusage(RUSAGE_CHILDREN, &usage);
  *cpu_microseconds = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 + usage.ru_utime.tv_usec +
                      usage.ru_stime.tv_usec;
  *peak_kibibytes = usage.ru_maxrss;
}

int cl_pipe(int ends[2], int flags) { return pipe2(ends, flags | O_CLOEXEC) < 0 ? -errno : 0; }
