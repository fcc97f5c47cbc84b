#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <vector>

#include "../loop/loop.h"
#include "../processes/inherited_linux.h"
#include "../processes/preparation_linux.h"
#include "modules.h"

namespace engine {
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
  return path[0] == '/' && access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

// spawn(program, words, environment, descriptors, folder or undefined, whether in a session of its own): the pid. A program with
// our own 0, 1 and 2 is in our place.
JSValue spawn(Call& call) {
  const std::vector<int> descriptors = call.integers(3);
  giveLeftOpen(descriptors == std::vector<int>{0, 1, 2});
  const std::string program = call.word(0);
  std::vector<std::string> words = call.words(1);
  std::vector<std::string> environment = call.words(2);
  Preparation preparation;
  preparation.give(descriptors);
  if (call.has(4)) preparation.enter(call.word(4));
  preparation.resetSignals();
  if (call.flag(5)) preparation.leaveSession();
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> variables = pointers(environment);
  int failure = ENOENT;
  for (const std::string& path : candidates(program, environment)) {
    if (isAbsent(path)) continue;
    pid_t pid = -1;
    const int result = posix_spawn(&pid, path.c_str(), preparation.actions(), preparation.attributes(),
                                   arguments.data(), variables.data());
    if (result == 0) return JS_NewInt32(call.js, pid);
    if (result != ENOENT && result != ENOTDIR) failure = result;
    if (result != ENOENT && result != ENOTDIR && result != EACCES) break;
  }
  throw SystemFailure{failure, "spawn"};
}

JSValue kill(Call& call) {
  succeeded(::kill(call.integer(0), call.integer(1)), "kill");
  return JS_UNDEFINED;
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

// wait(pid, ms): a child's exit code, or a signal's number below 0; undefined if it still runs. Linux before 5.3 has
// nothing that could be polled for it.
JSValue wait(Call& call) {
  const Deadline deadline(call.number(1));
  constexpr int longestPause = 20;
  int status = 0;
  for (int pause = 1;; pause = std::min(2 * pause, longestPause)) {
    const int ended = waitpid(call.integer(0), &status, deadline.left() < 0 ? 0 : WNOHANG);
    if (ended > 0) break;
    if (ended < 0 && errno != EINTR) throw lastFailure("waitpid");
    const int left = deadline.left();
    if (left == 0) return JS_UNDEFINED;
    if (ended == 0) ::poll(nullptr, 0, std::min(pause, left));
  }
  return JS_NewInt32(call.js, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

// awaitReadable(descriptors, ms): those that can be read from by then.
JSValue awaitReadable(Call& call) {
  std::vector<pollfd> set;
  for (const int descriptor : call.integers(0)) set.push_back({descriptor, POLLIN, 0});
  const Deadline deadline(call.number(1));
  while (::poll(set.data(), set.size(), deadline.left()) < 0) {
    if (errno != EINTR) throw lastFailure("poll");
  }
  Value readable(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  for (const pollfd& each : set) {
    if (each.revents != 0) append(call.js, readable.get(), index++, JS_NewInt32(call.js, each.fd));
  }
  return readable.release();
}

constexpr Native functions[] = {
    {"spawn", native<spawn>},
    {"kill", native<kill>},
    {"wait", native<wait>},
    {"awaitReadable", native<awaitReadable>},
};

}  // namespace

const NativeModule processesModule = nativeModule("engine:processes", functions);

}  // namespace engine
