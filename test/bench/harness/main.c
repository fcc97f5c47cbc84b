#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <unistd.h>

#include "harness.h"

static const struct {
  const char *name;
  void (*run)(const struct plan *);
} modes[] = {
    {"banner-fd", banner_by_fd}, {"banner-pipes", banner_by_pipes}, {"process", whole_process},
    {"login", login},            {"bulk-up", bulk_up},              {"bulk-down", bulk_down},
    {"echo", echo},              {"crowd", crowd},                  {"sessions", sessions},
    {"stream", stream},
    {"enter", (void (*)(const struct plan *))enter_and_exec},
};

static struct plan parse(char **argv);
static void allow_many_descriptors(void);

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: harness MODE [--option VALUE]... -- COMMAND [ARGUMENT]...\n");
    return 2;
  }
  const struct plan plan = parse(argv + 1);
  if (strcmp(plan.mode, "enter") != 0) {
    signal(SIGPIPE, SIG_IGN);
    alarm(plan.limit);  // whatever hangs: the end of this process is the end of its children (see start.c)
    allow_many_descriptors();
  }
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(modes[i].name, plan.mode) == 0) {
      modes[i].run(&plan);
      return 0;
    }
  }
  fprintf(stderr, "harness: no mode \"%s\"\n", plan.mode);
  return 2;
}

static struct plan parse(char **argv) {
  struct plan plan = {.mode = *argv++, .count = 1, .at_once = 1, .limit = 300};
  for (; *argv && strcmp(*argv, "--") != 0; argv += 2) {
    const char *value = argv[1];
    if (!value) fail("an option without a value");
    if (strcmp(*argv, "--root") == 0) plan.root = value;
    else if (strcmp(*argv, "--socket") == 0) plan.socket = value;
    else if (strcmp(*argv, "--serve") == 0) plan.serve = value;
    else if (strcmp(*argv, "--bytes") == 0) plan.bytes = atol(value);
    else if (strcmp(*argv, "--count") == 0) plan.count = atol(value);
    else if (strcmp(*argv, "--at-once") == 0) plan.at_once = atol(value);
    else if (strcmp(*argv, "--seconds") == 0) plan.seconds = atol(value);
    else if (strcmp(*argv, "--pass") == 0) plan.pass = strcmp(value, "yes") == 0;
    else if (strcmp(*argv, "--wait") == 0) plan.wait = strcmp(value, "yes") == 0;
    else if (strcmp(*argv, "--limit") == 0) plan.limit = (unsigned)atol(value);
    else fail("an unknown option");
  }
  if (!*argv || !argv[1]) fail("no command");
  plan.command = argv + 1;
  return plan;
}

static void allow_many_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}
