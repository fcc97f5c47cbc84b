#include "relay_process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "../system/failure.h"
#include "../relay/relay_loop.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace hvsock {
namespace {

struct Arguments {
  int socket;
  int input;
  int output;
  int lingerMs;
  bool ignoresInterrupts;
  char** command;
};

std::optional<Arguments> parse(int count, char** words) {
  constexpr int command = 7;
  int numbers[4];
  if (count <= command) return std::nullopt;
  for (int i = 0; i < 4; ++i) {
    const std::string_view word = words[i + 2];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), numbers[i]);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  }
  const auto [socket, input, output, lingerMs] = numbers;
  return Arguments{socket, input, output, lingerMs, words[6] == std::string_view("ignore"), words + command};
}

void closeRange(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  // Before Linux 5.9.
  const auto limit = static_cast<unsigned>(sysconf(_SC_OPEN_MAX));
  for (unsigned fd = first; fd <= last && fd < limit; ++fd) close(static_cast<int>(fd));
}

// What the program before had open besides, and did not mark to be closed.
void closeAllBut(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 0;
  for (const int fd : kept) {
    if (static_cast<unsigned>(fd) > first) closeRange(first, static_cast<unsigned>(fd) - 1);
    first = static_cast<unsigned>(fd) + 1;
  }
  closeRange(first, ~0U);
}

void setSignals(bool ignoresInterrupts) {
  signal(SIGPIPE, SIG_IGN);
  if (ignoresInterrupts) signal(SIGINT, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void say(std::string_view words) {
  const std::string line = "vmssh-relay: " + std::string(words) + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

// Its words are those of the program that this process was. Where that is gone, the bare code has to do.
int fail(char** command, const Failure& failure) {
  std::string code = errorName(failure.number);
  std::vector<char*> words;
  for (char** word = command; *word != nullptr; ++word) words.push_back(*word);
  words.push_back(code.data());
  words.push_back(nullptr);
  execv(words[0], words.data());
  say(std::string("connection lost: ") + failure.syscall + ": " + code);
  return 1;
}

int run(const Arguments& arguments) {
  const auto& [number, input, output, lingerMs, ignoresInterrupts, command] = arguments;
  setSignals(ignoresInterrupts);
  closeAllBut({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, number, input, output});
  try {
    Socket socket;
    socket.descriptor = Descriptor(number);
    runRelay(socket, input, output, lingerMs, Event());
    return 0;
  } catch (const Failure& failure) {
    return fail(command, failure);
  } catch (const std::exception&) {
    return fail(command, {ENOMEM, "relay", {}});
  }
}

}  // namespace

int relayProcess(int count, char** words) {
  if (const auto arguments = parse(count, words)) return run(*arguments);
  say("started by vmssh alone, with a connection that is open already");
  return 2;
}

}  // namespace hvsock
