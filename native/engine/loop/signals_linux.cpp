#include "signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "../core/failure.h"

namespace engine {
namespace {

// A pipe to itself: all that a signal's handler can do is write its number.
int signalPipe[2] = {-1, -1};

}  // namespace

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

void noteSignal(int number) {
  const int before = errno;
  const auto byte = static_cast<char>(number);
  [[maybe_unused]] const auto written = write(signalPipe[1], &byte, 1);
  errno = before;
}

int signalDescriptor() { return signalPipe[0]; }

}  // namespace engine
