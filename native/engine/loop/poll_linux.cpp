#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>

#include "../core/failure.h"
#include "../core/program.h"
#include "../napi/environment.h"
#include "loop.h"

namespace engine {
namespace {

double msOf(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// A pipe to itself: all that a signal's handler can do is write its number.
int signalPipe[2] = {-1, -1};

void noteSignal(int number) {
  const int before = errno;
  const auto byte = static_cast<char>(number);
  [[maybe_unused]] const auto written = write(signalPipe[1], &byte, 1);
  errno = before;
}

void handle(int number, void (*handler)(int)) {
  if (signalPipe[0] < 0) succeeded(pipe2(signalPipe, O_CLOEXEC | O_NONBLOCK), "pipe2");
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  succeeded(sigaction(number, &action, nullptr), "sigaction");
}

}  // namespace

double monotonicMs() { return msOf(CLOCK_MONOTONIC); }
double processorMs() { return msOf(CLOCK_THREAD_CPUTIME_ID); }

void Loop::poll() {
  std::vector<pollfd> set;
  std::vector<int> ids;
  for (const auto& [id, watch] : watches_) {
    set.push_back({watch.descriptor, static_cast<short>(watch.events), 0});
    ids.push_back(id);
  }
  const auto events = napiEvents();
  for (const hvsock::Event* event : events) set.push_back({event->fd(), POLLIN, 0});
  const std::size_t napiEnd = set.size();
  if (signalPipe[0] >= 0) set.push_back({signalPipe[0], POLLIN, 0});
  // Nothing is left if an earlier callback removed the last one.
  const int timeout = isAlive() ? pollTimeout() : 0;
  if (::poll(set.data(), set.size(), timeout) < 0) {
    if (errno == EINTR) return;
    throw lastFailure("poll");
  }
  if (set.size() > napiEnd && set.back().revents != 0) deliverSignals();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = watches_.find(ids[i]);
    if (set[i].revents == 0 || found == watches_.end()) continue;
    program_.call(found->second.callback.get(), {JS_NewInt32(nullptr, set[i].revents)});
  }
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (set[ids.size() + i].revents == 0) continue;
    program_.beginTurn();
    napiDeliver(events[i]);
    program_.drain();
  }
}

void Loop::onSignal(int signal, Value callback) {
  signals_.insert_or_assign(signal, std::move(callback));
  handle(signal, noteSignal);
}

void Loop::offSignal(int signal) {
  handle(signal, SIG_DFL);
  signals_.erase(signal);
}

int Loop::onExit(int pid, Value callback) {
  handle(SIGCHLD, noteSignal);
  children_.emplace(++lastId_, Child{pid, std::move(callback)});
  noteSignal(SIGCHLD);  // it may have ended before the handler was there
  return lastId_;
}

void Loop::deliverSignals() {
  char number = 0;
  while (read(signalPipe[0], &number, 1) == 1) {
    if (number == SIGCHLD) reapChildren();
    const auto found = signals_.find(number);
    if (found != signals_.end()) program_.call(found->second.get(), {JS_NewInt32(nullptr, number)});
  }
}

void Loop::reapChildren() {
  std::vector<int> ids;
  for (const auto& [id, child] : children_) ids.push_back(id);
  for (const int id : ids) {
    const auto found = children_.find(id);
    int status = 0;
    if (found == children_.end() || waitpid(found->second.pid, &status, WNOHANG) != found->second.pid) continue;
    const auto child = children_.extract(id);
    const int code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    program_.call(child.mapped().callback.get(), {JS_NewInt32(nullptr, code)});
  }
}

}  // namespace engine
