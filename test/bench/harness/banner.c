#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

void banner_by_fd(const struct plan *plan) {
  serve(plan, service_banner);
  const int64_t begin = now();
  struct child child = start(plan, wires_socketpair);
  const int fd = receive_fd(child.out);
  if (fd < 0 || !read_banner(fd)) fail("no banner by fd passing");
  print_result(now() - begin);
  close(fd);
  finish(plan, &child);
}

void banner_by_pipes(const struct plan *plan) {
  serve(plan, service_banner);
  const int64_t begin = now();
  struct child child = start(plan, wires_pipes);
  if (!read_banner(child.out)) fail("no banner by relay");
  print_result(now() - begin);
  finish(plan, &child);
}

void whole_process(const struct plan *plan) {
  const int64_t begin = now();
  struct child child = start(plan, wires_null);
  waitpid(child.pid, NULL, 0);
  print_result(now() - begin);
}

void login(const struct plan *plan) {
  serve(plan, service_program);
  const int64_t begin = now();
  struct child child = start(plan, wires_none);
  int status;
  waitpid(child.pid, &status, 0);
  const int64_t end = now();
  errno = 0;
  if (status != 0) fail("the login failed");
  print_result(end - begin);
}

int receive_fd(int from) {
  char byte;
  struct iovec data = {&byte, 1};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length;
  do {
    length = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (length != 1 || !header || header->cmsg_type != SCM_RIGHTS) return -1;
  int fd;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  return fd;
}

bool read_banner(int fd) {
  char text[256];
  for (size_t length = 0; length < sizeof text;) {
    const ssize_t got = read(fd, text + length, sizeof text - length);
    if (got <= 0) return false;
    length += (size_t)got;
    if (memchr(text, '\n', length)) return memcmp(text, "SSH-", 4) == 0;
  }
  return false;
}
