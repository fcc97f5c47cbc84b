#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static const struct plan *plan;
static enum service service;
static int listener;
static int64_t full_at;
static pthread_t thread;
static char buffer[256 * 1024];

static void *run(void *nothing);
static void serve_banners(void);
static void sink(int fd);
static void checked_sink(int fd);
static void source(int fd);
static void echo_back(int fd);
static void start_program(int fd);

void serve(const struct plan *of, enum service what) {
  plan = of;
  service = what;
  // Bound by its name in its folder: the whole path may be longer than an address holds.
  char folder[4096], name[4096];
  snprintf(folder, sizeof folder, "%s", plan->socket);
  snprintf(name, sizeof name, "%s", plan->socket);
  const int before = open(".", O_PATH | O_CLOEXEC);
  if (chdir(dirname(folder)) != 0) fail(folder);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, basename(name), sizeof address.sun_path - 1);
  unlink(address.sun_path);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4096) != 0) fail(plan->socket);
  if (fchdir(before) != 0) fail("fchdir");
  close(before);
  if (pthread_create(&thread, NULL, run, NULL) != 0) fail("pthread_create");
}

int64_t sink_full_at(void) {
  pthread_join(thread, NULL);
  return full_at;
}

static void *run(void *nothing) {
  if (service == service_banner) {
    serve_banners();
    return nothing;
  }
  do {
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) fail("accept");
    if (service == service_sink) sink(fd);
    if (service == service_checked_sink) checked_sink(fd);
    if (service == service_source) source(fd);
    if (service == service_echo) echo_back(fd);
    if (service == service_program) start_program(fd);
    if (service != service_sink) close(fd);
  } while (service != service_sink && service != service_checked_sink);
  return nothing;
}

// A banner for everybody, at once; connections stay open until the other side ends them, as sshd's do.
static void serve_banners(void) {
  static const char banner[] = "SSH-2.0-bench\r\n";
  const int events = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(events, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    struct epoll_event found[64];
    const int count = epoll_wait(events, found, 64, -1);
    for (int i = 0; i < count; i++) {
      if (found[i].data.fd != listener) {
        if (recv(found[i].data.fd, buffer, sizeof buffer, MSG_DONTWAIT) != 0) continue;
        // Taken off the list first: a child between fork and exec has a copy, which would keep it there.
        epoll_ctl(events, EPOLL_CTL_DEL, found[i].data.fd, NULL);
        close(found[i].data.fd);
        continue;
      }
      const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
      if (fd < 0) fail("accept");
      write_all(fd, banner, sizeof banner - 1);
      event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
      epoll_ctl(events, EPOLL_CTL_ADD, fd, &event);
    }
  }
}

// Answers the first byte, which shows that the connection is open, and then takes plan->bytes.
static void sink(int fd) {
  if (read(fd, buffer, 1) != 1) fail("sink: no first byte");
  write_all(fd, "y", 1);
  for (long left = plan->bytes; left > 0;) {
    const ssize_t length = read(fd, buffer, sizeof buffer);
    if (length <= 0) fail("sink: the stream ended early");
    left -= length;
  }
  full_at = now();
}

// Compares every block of plan->bytes with what stream.c sends.
static void checked_sink(int fd) {
  static unsigned char expected[stream_block];
  for (long number = 0; number < plan->bytes / stream_block; number++) {
    for (size_t had = 0; had < stream_block;) {
      const ssize_t length = read(fd, buffer + had, stream_block - had);
      if (length <= 0) fail("checked sink: the stream ended early");
      had += (size_t)length;
    }
    stream_fill(expected, number);
    if (memcmp(buffer, expected, stream_block) != 0) fail("checked sink: a block is not what was sent");
  }
  full_at = now();
}

// Answers the first byte; the second one asks for plan->bytes.
static void source(int fd) {
  if (read(fd, buffer, 1) != 1) fail("source: no first byte");
  write_all(fd, "y", 1);
  if (read(fd, buffer, 1) != 1) fail("source: no second byte");
  for (long left = plan->bytes; left > 0;) {
    const size_t length = left < (long)sizeof buffer ? (size_t)left : sizeof buffer;
    write_all(fd, buffer, length);
    left -= (long)length;
  }
  while (read(fd, buffer, sizeof buffer) > 0) {
  }
}

static void echo_back(int fd) {
  for (ssize_t length; (length = read(fd, buffer, sizeof buffer)) > 0;) write_all(fd, buffer, (size_t)length);
}

static void start_program(int fd) {
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(fd, 0);
    dup2(fd, 1);
    execl("/bin/sh", "sh", "-c", plan->serve, (char *)NULL);
    _exit(127);
  }
}

void write_all(int fd, const void *data, size_t length) {
  for (const char *at = data; length > 0;) {
    const ssize_t written = write(fd, at, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    at += written;
    length -= (size_t)written;
  }
}
