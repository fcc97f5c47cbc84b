#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "../../src/own_process.h"
#include "../../src/relay/relay_linux.h"
#include "../../src/system/failure.h"
#include "../memory/memory.h"
#include "relay_process.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

namespace hvsock {
namespace {

// A descriptor that stays open over exec. Where there was no exec, its flags are what they were.
class Inherited {
 public:
  explicit Inherited(int fd) : fd_(fd), flags_(fcntl(fd, F_GETFD)) {
    if (flags_ >= 0) fcntl(fd_, F_SETFD, flags_ & ~FD_CLOEXEC);
  }
  ~Inherited() {
    if (flags_ >= 0) fcntl(fd_, F_SETFD, flags_);
  }
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;

 private:
  const int fd_;
  const int flags_;
};

// This program itself. Without /proc, by the path that the kernel was given.
std::string ownPath() {
  constexpr const char* self = "/proc/self/exe";
  if (access(self, X_OK) == 0) return self;
  const auto* given = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  return given != nullptr && given[0] == '/' ? given : "";
}

// VMSSH_RELAY_FAILURES=…; no word has a line break of its own.
std::string failuresVariable(const HandOff& handOff) {
  std::string text = std::string(relayFailuresVariable) + "=";
  for (const std::string& word : handOff.onFailure) text += word + "\n";
  return text;
}

}  // namespace

// All signals are blocked in this thread, and so in the new program until it has set what it does at each.
void execHandOff(const HandOff& handOff, const RelayEnds& ends) {
  const std::string program = ownPath();
  if (program.empty()) return;
  // parse() reads them.
  std::vector<std::string> args{
      relayProcessName,
      handOff.title,
      std::to_string(ends.socket),
      std::to_string(ends.input),
      std::to_string(ends.output),
      std::to_string(static_cast<int>(ends.lingerMs)),
      handOff.ignoresInterrupts ? "ignore" : "default",
      handOff.isConfined ? "confined" : "free",
      ends.isMultiplexed ? "multiplexer" : "socket",
      std::to_string(ends.multiplexerFile),
  };
  std::vector<char*> arguments;
  for (std::string& word : args) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::string failures = failuresVariable(handOff);
  std::vector<char*> variables{failures.data()};
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  variables.push_back(nullptr);

  // From execve on, clone(2) fails with EAGAIN in the threads that share its caller's umask and working directory
  // (copy_fs in the kernel's fork.c): this one gets its own, so that the others can start what they need.
  if (unshare(CLONE_FS) != 0) return;
  // Node sets the flag even on the standard descriptors.
  const Inherited kept[] = {Inherited(ends.socket), Inherited(ends.input), Inherited(ends.output),
                            Inherited(STDERR_FILENO), Inherited(ends.multiplexerFile)};
  execve(program.c_str(), arguments.data(), variables.data());
}

namespace {

struct Arguments {
  int socket;
  int input;
  int output;
  int lingerMs;
  bool ignoresInterrupts;
  bool isConfined;
  bool isMultiplexed;
  int multiplexerFile;
};

std::optional<Arguments> parse(int count, char** args) {
  constexpr int places[] = {2, 3, 4, 5, 9};
  int numbers[std::size(places)];
  if (count != 10) return std::nullopt;
  for (std::size_t i = 0; i < std::size(places); ++i) {
    const std::string_view word = args[places[i]];
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), numbers[i]);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  }
  const auto [socket, input, output, lingerMs, multiplexerFile] = numbers;
  return Arguments{socket, input, output, lingerMs, args[6] == std::string_view("ignore"),
                   args[7] == std::string_view("confined"), args[8] == std::string_view("multiplexer"), multiplexerFile};
}

void closeRange(unsigned first, unsigned last) {
  if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
  // Before Linux 5.9.
  const auto limit = static_cast<unsigned>(sysconf(_SC_OPEN_MAX));
  for (unsigned fd = first; fd <= last && fd < limit; ++fd) close(static_cast<int>(fd));
}

// Descriptors that the previous program had open too, and did not mark to be closed. Numbers below 0 are none.
void closeAllBut(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned first = 0;
  for (const int fd : kept) {
    if (fd < 0) continue;
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

void print(std::string_view text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

void say(std::string_view message) { print(std::string(relayProcessName) + ": " + std::string(message) + "\n"); }

// The text up to the next line break, which is taken off `rest`.
std::string_view nextLine(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

bool hasWord(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::string_view first = words.substr(0, words.find(' '));
    if (first == word) return true;
    words.remove_prefix(std::min(words.size(), first.size() + 1));
  }
  return false;
}

// The program that this process was has left the text, for each code.
int fail(const char* failures, const Failure& failure) {
  const std::string code = errorName(failure.number);
  std::string_view rest = failures != nullptr ? failures : "";
  const std::string_view begin = nextLine(rest);
  const std::string_view hintBegin = nextLine(rest);
  while (!rest.empty()) {
    const std::string_view codes = nextLine(rest);
    const std::string_view problem = nextLine(rest);
    const std::string_view hint = nextLine(rest);
    if (!codes.empty() && !hasWord(codes, code)) continue;
    std::string text = std::string(begin) + std::string(problem) + " (" + code + ")\n";
    if (!hint.empty()) text += std::string(hintBegin) + std::string(hint) + "\n";
    print(text);
    return 1;
  }
  say(std::string("connection lost: ") + failure.syscall + ": " + code);
  return 1;
}

int run(const Arguments& arguments) {
  const auto& [number, input, output, lingerMs, ignoresInterrupts, isConfined, isMultiplexed, multiplexerFile] =
      arguments;
  const char* const failures = std::getenv(relayFailuresVariable);
  prctl(PR_SET_NAME, "vmssh");  // else it is "exe", of the path that it was started by
  setSignals(ignoresInterrupts);
  closeAllBut({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, number, input, output, multiplexerFile});
  try {
    Socket socket;
    socket.descriptor = Descriptor(number);
    const Event never;
    std::optional<Multiplexer> multiplexer;
    if (isMultiplexed) multiplexer.emplace(number, Descriptor(multiplexerFile));
    Relay relay(number, input, Stream(output, Stream::AtEnd::closes), lingerMs, never,
                multiplexer ? &*multiplexer : nullptr, nullptr);
    if (isConfined) confine(Profile::relay);
    engine::dropProgramPages();
    relay.run();
    return 0;
  } catch (const Failure& failure) {
    return fail(failures, failure);
  } catch (const std::exception&) {
    return fail(failures, {ENOMEM, "relay", {}});
  }
}

}  // namespace

int relayProcess(int count, char** args) {
  if (const auto arguments = parse(count, args)) return run(*arguments);
  say("only vmssh starts this, with an open connection");
  return 2;
}

}  // namespace hvsock
