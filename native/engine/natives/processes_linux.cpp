#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <string>
#include <vector>

#include "../../src/system/descriptor.h"
#include "of_system.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace engine::processes {
namespace {

// From 3, without the flag that all of ours have.
std::vector<int> leftOpen() {
  std::array<pollfd, 1024 - 3> all{};
  int fd = 3;
  for (pollfd& each : all) each.fd = fd++;
  // One call instead of a thousand says which are open. It fails if fewer may be open: then each is looked at.
  const bool told = poll(all.data(), all.size(), 0) >= 0;
  std::vector<int> found;
  for (const pollfd& each : all) {
    if (told && (each.revents & POLLNVAL) != 0) continue;
    const int flags = fcntl(each.fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(each.fd);
  }
  return found;
}

// Gives what our caller left open to the next program that is started if that is in our place: it may have been told to read it
// (rsync --files-from=<(ls)). No other program has it.
void giveLeftOpen(bool inOurPlace) {
  static const std::vector<int> given = leftOpen();
  if (!inOurPlace) syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);  // From Linux 5.11: what is above, too.
  for (const int fd : given) fcntl(fd, F_SETFD, inOurPlace ? 0 : FD_CLOEXEC);
}

// What is done in the child before the program, and its attributes.
class Preparation {
 public:
  Preparation() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Preparation() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Preparation(const Preparation&) = delete;
  Preparation& operator=(const Preparation&) = delete;

  // The child's descriptors 0, 1, 2 … are copies of these; no other of ours stays open in it.
  void give(const std::vector<int>& descriptors) {
    const auto count = static_cast<int>(descriptors.size());
    for (int i = 0; i < count; ++i) {
      int from = descriptors[static_cast<std::size_t>(i)];
      if (from < count && from != i) {  // it would be overwritten before its turn
        copies_.emplace_back(succeeded(fcntl(from, F_DUPFD_CLOEXEC, count), "fcntl"));
        from = copies_.back().get();
      }
      posix_spawn_file_actions_adddup2(&actions_, from, i);  // also from == i: it loses FD_CLOEXEC
    }
  }
  void enter(const std::string& folder) { posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()); }
  // The child does not inherit ignored or handled signals.
  void resetSignals() {
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attributes_, &set);
    for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGWINCH}) sigaddset(&set, number);
    posix_spawnattr_setsigdefault(&attributes_, &set);
    flags_ |= POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  }
  void leaveSession() { flags_ |= POSIX_SPAWN_SETSID; }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() {
    posix_spawnattr_setflags(&attributes_, flags_);
    return &attributes_;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  short flags_ = 0;
  std::vector<hvsock::Descriptor> copies_;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

// Where a program may be, by the PATH that it will have.
std::vector<std::string> candidates(const std::string& program, const std::vector<std::string>& environment) {
  if (program.find('/') != std::string::npos) return {program};
  std::string path = "/usr/local/bin:/bin:/usr/bin";
  for (const std::string& each : environment) {
    if (each.rfind("PATH=", 0) == 0) path = each.substr(5);
  }
  std::vector<std::string> found;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    found.push_back((end == at ? "." : path.substr(at, end - at)) + "/" + program);
    at = end + 1;
  }
  return found;
}

// A fork for each folder of PATH takes longer than to look there. What is relative begins in the child's folder.
bool isAbsent(const std::string& path) {
  return path[0] == '/' && ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

// A time to wait: milliseconds, or forever if below 0.
class Deadline {
 public:
  explicit Deadline(double ms) : end_(ms < 0 ? -1 : monotonicMs() + ms) {}
  // As poll(2) takes it.
  int left() const {
    return end_ < 0 ? -1 : static_cast<int>(std::clamp(std::ceil(end_ - monotonicMs()), 0.0, 2147483647.0));
  }

 private:
  const double end_;
};

}  // namespace

// A program with our own 0, 1 and 2 is in our place.
int spawn(const NewProgram& program) {
  giveLeftOpen(program.descriptors == std::vector<int>{0, 1, 2});
  std::vector<std::string> words = program.words;
  std::vector<std::string> environment = program.environment;
  Preparation preparation;
  preparation.give(program.descriptors);
  if (program.folder) preparation.enter(*program.folder);
  preparation.resetSignals();
  if (program.detached) preparation.leaveSession();
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);
  int failure = ENOENT;
  for (const std::string& path : candidates(program.name, environment)) {
    if (isAbsent(path)) continue;
    pid_t pid = -1;
    const int result = posix_spawn(&pid, path.c_str(), preparation.actions(), preparation.attributes(),
                                   arguments.data(), variables.data());
    if (result == 0) return pid;
    if (result != ENOENT && result != ENOTDIR) failure = result;
    if (result != ENOENT && result != ENOTDIR && result != EACCES) break;
  }
  throw SystemFailure{failure, "spawn"};
}

void kill(int pid, int signal) { succeeded(::kill(pid, signal), "kill"); }

// Linux before 5.3 has nothing that could be polled for it.
std::optional<std::int64_t> wait(int pid, double ms) {
  const Deadline deadline(ms);
  constexpr int longestPause = 20;
  int status = 0;
  for (int pause = 1;; pause = std::min(2 * pause, longestPause)) {
    const int ended = waitpid(pid, &status, deadline.left() < 0 ? 0 : WNOHANG);
    if (ended > 0) break;
    if (ended < 0 && errno != EINTR) throw lastFailure("waitpid");
    const int left = deadline.left();
    if (left == 0) return std::nullopt;
    if (ended == 0) ::poll(nullptr, 0, std::min(pause, left));
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<int> awaitReadable(const std::vector<int>& descriptors, double ms) {
  std::vector<pollfd> set;
  for (const int descriptor : descriptors) set.push_back({descriptor, POLLIN, 0});
  const Deadline deadline(ms);
  while (::poll(set.data(), set.size(), deadline.left()) < 0) {
    if (errno != EINTR) throw lastFailure("poll");
  }
  std::vector<int> readable;
  for (const pollfd& each : set) {
    if (each.revents != 0) readable.push_back(each.fd);
  }
  return readable;
}

}  // namespace engine::processes
