#include "successor.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

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

}  // namespace

// All signals are blocked in this thread, and so in the new program until it has set what it does at each.
void become(const Successor& successor, int socket, int input, int output, double lingerMs) {
  const std::string program = relayProgram();
  if (program.empty()) return;
  // vmssh-relay/relay_process.cpp reads them.
  std::vector<std::string> args{
      "vmssh-relay",
      successor.title,
      std::to_string(socket),
      std::to_string(input),
      std::to_string(output),
      std::to_string(static_cast<int>(lingerMs)),
      successor.ignoresInterrupts ? "ignore" : "default",
  };
  args.insert(args.end(), successor.onFailure.begin(), successor.onFailure.end());
  std::vector<char*> arguments;
  for (std::string& word : args) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  // From execve on, clone(2) fails with EAGAIN in the threads that share its caller's umask and working directory
  // (copy_fs in the kernel's fork.c), and a runtime aborts if it cannot start a thread: this one gets its own.
  if (unshare(CLONE_FS) != 0) return;
  // Node sets the flag even on the standard descriptors.
  const Inherited kept[] = {Inherited(socket), Inherited(input), Inherited(output), Inherited(STDERR_FILENO)};
  execv(program.c_str(), arguments.data());
}

}  // namespace hvsock
