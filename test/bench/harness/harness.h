// Plays ssh's part: starts a proxy as ssh does, and times what comes out of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// The command line: harness MODE [--option VALUE]... -- COMMAND [ARGUMENT]...
struct plan {
  const char *mode;
  const char *root;    // a folder for chroot(2) before COMMAND is started, or none
  const char *socket;  // the path of the listener, as it is called outside of `root`
  const char *serve;   // login: what is started for each connection, a line for /bin/sh
  long bytes;          // bulk-up, bulk-down, stream
  long count;          // echo: round trips; crowd and sessions: proxies
  long at_once;        // crowd, sessions: how many are alive at the same time, at most
  long seconds;        // sessions: how long each is held
  bool pass;           // sessions: by fd passing
  bool wait;           // banner and process: until the program ends by itself, without an error
  unsigned limit;      // seconds that the whole run may take
  char **command;
};

// --- clock.c
int64_t now(void);  // nanoseconds
_Noreturn void fail(const char *what);
void print_result(int64_t nanoseconds);

// --- start.c
struct child {
  pid_t pid;
  int in, out;  // our ends: what the child reads from, what it writes to; one and the same for a socket pair
};
enum wires { wires_none, wires_null, wires_pipes, wires_socketpair };  // null: /dev/null
struct child start(const struct plan *plan, enum wires wires);
// After a measurement: not every peer notices that its wires are closed. With plan->wait it has to, and to succeed.
void finish(const struct plan *plan, struct child *child);
_Noreturn void enter_and_exec(const struct plan *plan);

// --- serve.c: a thread that listens at plan->socket
enum service { service_banner, service_sink, service_source, service_echo, service_program, service_checked_sink };
void serve(const struct plan *plan, enum service service);
int64_t sink_full_at(void);  // waits until service_sink or service_checked_sink has all of plan->bytes

// --- what a mode does
void banner_by_fd(const struct plan *plan);
void banner_by_pipes(const struct plan *plan);
void whole_process(const struct plan *plan);
void login(const struct plan *plan);
void bulk_up(const struct plan *plan);
void bulk_down(const struct plan *plan);
void echo(const struct plan *plan);
void crowd(const struct plan *plan);
void sessions(const struct plan *plan);
void stream(const struct plan *plan);

// --- stream.c: the bytes of a checked stream
enum { stream_block = 256 * 1024 };
void stream_fill(unsigned char *block, long number);

int receive_fd(int from);  // SCM_RIGHTS, as ssh does it; -1 at end-of-file
bool read_banner(int fd);
void write_all(int fd, const void *data, size_t length);
