#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

struct child start(const struct plan *plan, enum wires wires) {
  struct child child = {.pid = -1, .in = -1, .out = -1};
  int theirs[2] = {-1, -1};
  if (wires == wires_socketpair) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) fail("socketpair");
    child.in = child.out = pair[0];
    theirs[0] = theirs[1] = pair[1];
  } else if (wires == wires_null) {
    theirs[0] = theirs[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (theirs[0] < 0) fail("/dev/null");
  } else if (wires == wires_pipes) {
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) fail("pipe");
    child.in = to[1];
    child.out = from[0];
    theirs[0] = to[0];
    theirs[1] = from[1];
  }
  child.pid = fork();
  if (child.pid < 0) fail("fork");
  if (child.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    if (theirs[0] >= 0 && (dup2(theirs[0], 0) < 0 || dup2(theirs[1], 1) < 0)) _exit(126);
    enter_and_exec(plan);
  }
  if (theirs[0] >= 0) close(theirs[0]);
  if (theirs[1] >= 0 && theirs[1] != theirs[0]) close(theirs[1]);
  return child;
}

void enter_and_exec(const struct plan *plan) {
  if (plan->root && (chroot(plan->root) != 0 || chdir("/") != 0)) {
    perror("harness: chroot");
    _exit(126);
  }
  execv(plan->command[0], plan->command);
  perror(plan->command[0]);
  _exit(127);
}

void finish(const struct plan *plan, struct child *child) {
  if (child->in >= 0) close(child->in);
  if (child->out >= 0 && child->out != child->in) close(child->out);
  if (!plan->wait) kill(child->pid, SIGKILL);
  int status;
  waitpid(child->pid, &status, 0);
  errno = 0;
  if (plan->wait && status != 0) fail("the program failed");
}
