#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static int events;

static void watch(int fd, long proxy);
static void leave(int fd);
static int reap(int flags);

// Starts plan->count proxies that pass their socket, as fast as it goes, and waits for all banners.
void crowd(const struct plan *plan) {
  long started = 0, reaped = 0, answered = 0, failed = 0, most = 0;
  struct child *children = calloc((size_t)plan->count, sizeof *children);
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // what outlives a proxy becomes our child
  serve(plan, service_banner);
  events = epoll_create1(EPOLL_CLOEXEC);
  const int64_t begin = now();
  while (answered + failed < plan->count) {
    const bool room = started < plan->count && started - reaped < plan->at_once;
    if (room) {
      children[started] = start(plan, wires_socketpair);
      watch(children[started].out, started);
      started++;
      if (started - reaped > most) most = started - reaped;
    }
    struct epoll_event found[64];
    const int count = epoll_wait(events, found, 64, room ? 0 : 10);
    for (int i = 0; i < count; i++) {
      const long proxy = (long)(found[i].data.u64 >> 32);
      const int fd = (int)(found[i].data.u64 & 0x7fffffff);
      if (fd == children[proxy].out) {
        const int passed = receive_fd(fd);
        leave(fd);
        children[proxy].out = -1;
        if (passed >= 0) watch(passed, proxy);
        else failed++;
      } else {
        if (read_banner(fd)) answered++;
        else failed++;
        leave(fd);
      }
    }
    reaped += reap(WNOHANG);
  }
  const int64_t end = now();
  reaped += reap(0);
  printf("{\"ns\":%lld,\"failed\":%ld,\"alive\":%ld,\"left\":%ld}\n", (long long)(end - begin), failed, most, reaped - started);
}

static void watch(int fd, long proxy) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)proxy << 32 | (uint32_t)fd};
  epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
}

// Off the list first, as in serve.c.
static void leave(int fd) {
  epoll_ctl(events, EPOLL_CTL_DEL, fd, NULL);
  close(fd);
}

static int reap(int flags) {
  int count = 0;
  while (waitpid(-1, NULL, flags) > 0) count++;
  return count;
}
