#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "../core/call.h"
#include "../core/program.h"
#include "../memory/memory.h"
#include "../napi/environment.h"
#include "loop.h"

namespace engine {
namespace {

double msOf(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// A program that was quiet for so long rests, but not again and again beside a timer.
constexpr double quietMs = 1000;
constexpr double restsEveryMs = 10'000;

// A pipe to itself: all that a signal's handler can do is write its number.
int signalPipe[2] = {-1, -1};

void noteSignal(int number) {
  const int before = errno;
  const auto byte = static_cast<char>(number);
  [[maybe_unused]] const auto written = write(signalPipe[1], &byte, 1);
  errno = before;
}

}  // namespace

double monotonicMs() { return msOf(CLOCK_MONOTONIC); }
double processorMs() { return msOf(CLOCK_THREAD_CPUTIME_ID); }

std::optional<std::int64_t> takeExitCode(int pid) {
  int status = 0;
  if (waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

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
  const double quiet = untilRest();
  const bool rests = quiet >= 0 && (timeout < 0 || timeout > quiet);
  const int ready = ::poll(set.data(), set.size(), rests ? static_cast<int>(quiet) : timeout);
  if (ready < 0) {
    if (errno == EINTR) return;
    throw lastFailure("poll");
  }
  if (rests && ready == 0) {
    rest(JS_GetRuntime(program_.context()));
    mayRestAt_ = monotonicMs() + restsEveryMs;
  }
  rested_ = ready == 0 && (rests || rested_);
  if (set.size() > napiEnd && set.back().revents != 0) {
    deliverSignals();
    reapChildren();
  }
  for (std::size_t i = 0; i < ids.size(); ++i) deliver(ids[i], set[i].revents);
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (set[ids.size() + i].revents != 0) deliver(events[i]);
  }
}

double Loop::untilRest() const {
  if (rested_) return -1;
  return std::max(quietMs, mayRestAt_ - monotonicMs());
}

int Loop::onExit(int pid, Value callback) {
  catchSignal(SIGCHLD, true);
  children_.emplace(++lastId_, Child{pid, std::move(callback)});
  noteSignal(SIGCHLD);  // it may have ended before the handler was there
  return lastId_;
}

void catchSignal(int signal, bool caught) {
  if (signalPipe[0] < 0) succeeded(pipe2(signalPipe, O_CLOEXEC | O_NONBLOCK), "pipe2");
  struct sigaction action{};
  action.sa_handler = caught ? noteSignal : SIG_DFL;
  action.sa_flags = SA_RESTART;
  succeeded(sigaction(signal, &action, nullptr), "sigaction");
}

std::vector<int> caughtSignals() {
  std::vector<int> numbers;
  char number = 0;
  while (signalPipe[0] >= 0 && read(signalPipe[0], &number, 1) == 1) numbers.push_back(number);
  return numbers;
}

}  // namespace engine
