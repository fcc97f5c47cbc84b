#include <fcntl.h>
#include <sched.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "../../src/own_process.h"
#include "relay_process.h"

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
  // relay_process_linux.cpp reads them.
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

}  // namespace hvsock
