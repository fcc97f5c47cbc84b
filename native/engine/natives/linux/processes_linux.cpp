#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <vector>

#include "../../processes/inherited_linux.h"
#include "../../processes/preparation_linux.h"
#include "../of_system.h"

namespace engine::processes {
namespace {

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
