#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"

static char buffer[256 * 1024];

static struct child open_way(const struct plan *plan);

void bulk_up(const struct plan *plan) {
  serve(plan, service_sink);
  struct child child = open_way(plan);
  const int64_t begin = now();
  for (long left = plan->bytes; left > 0;) {
    const size_t length = left < (long)sizeof buffer ? (size_t)left : sizeof buffer;
    write_all(child.in, buffer, length);
    left -= (long)length;
  }
  print_result(sink_full_at() - begin);
  finish(&child);
}

void bulk_down(const struct plan *plan) {
  serve(plan, service_source);
  struct child child = open_way(plan);
  const int64_t begin = now();
  write_all(child.in, "g", 1);
  for (long left = plan->bytes; left > 0;) {
    const ssize_t length = read(child.out, buffer, sizeof buffer);
    if (length <= 0) fail("the stream ended early");
    left -= length;
  }
  print_result(now() - begin);
  finish(&child);
}

void echo(const struct plan *plan) {
  serve(plan, service_echo);
  struct child child = open_way(plan);
  const int64_t begin = now();
  for (long i = 0; i < plan->count; i++) {
    write_all(child.in, "x", 1);
    if (read(child.out, buffer, 1) != 1) fail("no echo");
  }
  print_result((now() - begin) / plan->count);
  finish(&child);
}

// Opens plan->count sessions, prints the proxies' process ids, and holds them until our stdin ends.
void hold(const struct plan *plan) {
  struct child *children = calloc((size_t)plan->count, sizeof *children);
  serve(plan, service_banner);
  for (long i = 0; i < plan->count; i++) {
    children[i] = start(plan, wires_pipes);
    if (!read_banner(children[i].out)) fail("no banner by relay");
  }
  printf("{\"pids\":[");
  for (long i = 0; i < plan->count; i++) printf("%s%d", i ? "," : "", children[i].pid);
  printf("]}\n");
  fflush(stdout);
  char end;
  while (read(0, &end, 1) > 0) {
  }
  for (long i = 0; i < plan->count; i++) finish(&children[i]);
}

// One byte there and back: the timing after it is only of the relay, not of a process's start.
static struct child open_way(const struct plan *plan) {
  struct child child = start(plan, wires_pipes);
  write_all(child.in, "x", 1);
  if (read(child.out, buffer, 1) != 1) fail("no answer through the relay");
  return child;
}
