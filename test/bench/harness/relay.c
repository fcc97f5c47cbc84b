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
  finish(plan, &child);
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
  finish(plan, &child);
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
  finish(plan, &child);
}

// One byte there and back: the timing after it is only of the relay, not of a process's start.
static struct child open_way(const struct plan *plan) {
  struct child child = start(plan, wires_pipes);
  write_all(child.in, "x", 1);
  if (read(child.out, buffer, 1) != 1) fail("no answer through the relay");
  return child;
}
