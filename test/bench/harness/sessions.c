#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

enum { payload = 4096, patience_ms = 120000 };

static const struct plan *plan;
static atomic_long next, failed, echoes;

static void *work(void *nothing);
static const char *session(long number);
static bool exchange(int in, int out, long number);
static bool echoed(int in, int out, const unsigned char *bytes, size_t length);
static bool read_all(int fd, unsigned char *bytes, size_t length);
static int threads_left(void);
static int entries(const char *folder);

// plan->count sessions with a server that sends a banner and echoes, plan->at_once of them at a time, each held for plan->seconds
// with a byte there and back every second. Every proxy has to end by itself, with 0. Then counts what is left.
void sessions(const struct plan *of) {
  plan = of;
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // what outlives a proxy becomes our child
  pthread_t *threads = calloc((size_t)plan->at_once, sizeof *threads);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 256 * 1024);
  const int before = entries("/proc/self/fd");
  for (long i = 0; i < plan->at_once; i++)
    if ((errno = pthread_create(&threads[i], &small, work, NULL)) != 0) fail("pthread_create");
  for (long i = 0; i < plan->at_once; i++) pthread_join(threads[i], NULL);
  long left = 0;
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) >= 0; left++)
    if (pid == 0) waitpid(-1, NULL, 0);
  printf("{\"sessions\":%ld,\"failed\":%ld,\"echoes\":%ld,\"processes\":%ld,\"descriptors\":%d,\"threads\":%d}\n",
         plan->count, (long)failed, (long)echoes, left, entries("/proc/self/fd") - before, threads_left());
}

// A thread that was joined may be listed for a moment longer.
static int threads_left(void) {
  int left = entries("/proc/self/task") - 1;
  for (int tries = 0; left > 0 && tries < 100; tries++) {
    usleep(10000);
    left = entries("/proc/self/task") - 1;
  }
  return left;
}

static void *work(void *nothing) {
  // A program that fails again and again shows no more by the thousandth time.
  for (long number; failed < 10 && (number = atomic_fetch_add(&next, 1)) < plan->count;) {
    const char *why = session(number);
    if (!why) continue;
    failed++;
    fprintf(stderr, "session %ld: %s\n", number, why);
  }
  return nothing;
}

// NULL, or what failed.
static const char *session(long number) {
  struct child child = start(plan, plan->pass ? wires_socketpair : wires_pipes);
  const char *why = NULL;
  int in = child.in, out = child.out;
  if (plan->pass) {
    struct pollfd ready = {.fd = child.out, .events = POLLIN};
    in = out = poll(&ready, 1, patience_ms) == 1 ? receive_fd(child.out) : -1;
    if (out < 0) why = "no socket was passed";
  }
  if (!why && !exchange(in, out, number)) why = "a byte was lost, wrong or late";
  // A relay ends once its input does; with fd passing there is nothing of it left by now.
  close(in);
  if (plan->pass) close(child.in);
  unsigned char rest;
  if (!why && !plan->pass && read(out, &rest, 1) != 0) why = "bytes after the end";
  if (!plan->pass) close(out);
  if (why) kill(child.pid, SIGKILL);
  int status;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!why && status != 0) why = "the proxy did not end with 0";
  return why;
}

static bool exchange(int in, int out, long number) {
  unsigned char bytes[payload], byte;
  struct pollfd ready = {.fd = out, .events = POLLIN};
  if (poll(&ready, 1, patience_ms) != 1 || !read_banner(out)) return false;
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(number * 31 + (long)(i * i) % 251);
  if (!echoed(in, out, bytes, sizeof bytes)) return false;
  const int64_t begin = now();
  for (long second = 1; second <= plan->seconds; second++) {
    const int64_t at = begin + second * 1000000000LL;
    const struct timespec until = {.tv_sec = at / 1000000000LL, .tv_nsec = at % 1000000000LL};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
    byte = (unsigned char)second;
    if (!echoed(in, out, &byte, 1)) return false;
  }
  return true;
}

static bool echoed(int in, int out, const unsigned char *bytes, size_t length) {
  unsigned char back[payload];
  if (write(in, bytes, length) != (ssize_t)length || !read_all(out, back, length)) return false;
  echoes++;
  return memcmp(bytes, back, length) == 0;
}

static bool read_all(int fd, unsigned char *bytes, size_t length) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  while (length > 0) {
    if (poll(&ready, 1, patience_ms) != 1) return false;
    const ssize_t got = read(fd, bytes, length);
    if (got <= 0) return false;
    bytes += got;
    length -= (size_t)got;
  }
  return true;
}

static int entries(const char *folder) {
  DIR *open = opendir(folder);
  if (!open) fail(folder);
  int count = 0;
  while (readdir(open)) count++;
  closedir(open);
  return count - 2 - (strstr(folder, "/fd") ? 1 : 0);  // . and .., and the folder itself
}
