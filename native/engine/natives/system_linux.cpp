#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#include <cctype>
#include <climits>

#include "../../src/system/failure.h"
#include "of_system.h"

namespace engine {
namespace {

// libuv's message: in lower case at its start, but for abbreviations.
std::string messageOf(int number) {
  std::string message = hvsock::errorMeaning(number);
  if (message.size() > 1 && std::islower(static_cast<unsigned char>(message[1]))) {
    message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
  }
  return message;
}

}  // namespace

SystemFailure lastFailure(const char* call, std::string path) { return {errno, call, std::move(path)}; }

ErrorWords errorWords(int number) { return {hvsock::errorName(number), -number, messageOf(number)}; }

}  // namespace engine

namespace engine::system {

const char* platform() { return "linux"; }

std::vector<std::string> environment() {
  std::vector<std::string> pairs;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) pairs.emplace_back(*each);
  return pairs;
}

std::string workingFolder() {
  char path[PATH_MAX];
  if (getcwd(path, sizeof path) == nullptr) throw lastFailure("uv_cwd");
  return path;
}

// By /proc, or as the kernel was given it.
std::string programPath(const Start& start) {
  char path[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  if (length > 0) return {path, static_cast<std::size_t>(length)};
  const auto* given = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  return given != nullptr ? given : start.words[0];
}

double user() { return getuid(); }

double effectiveUser() { return geteuid(); }

double parentPid() { return getppid(); }

int pid() { return getpid(); }

int errorCount() { return 134; }

std::string errorName(int number) {
  const char* name = hvsock::knownErrorName(number);
  return name != nullptr ? name : "";
}

std::pair<double, double> processorTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec); };
  return {micros(usage.ru_utime), micros(usage.ru_stime)};
}

std::vector<std::string> names() {
  utsname all{};
  succeeded(uname(&all), "uname");
  return {all.sysname, all.nodename, all.release, all.version, all.machine};
}

// getent(1) is asked: a static program has no NSS.
std::vector<std::string> account() { throw SystemFailure{ENOSYS, "getpwuid"}; }

bool isTerminal(int descriptor) { return isatty(descriptor) == 1; }

int columns(int descriptor) {
  winsize size{};
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

std::string randomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t got = 0; got < bytes.size();) {
    got += static_cast<std::size_t>(succeeded(getrandom(bytes.data() + got, bytes.size() - got, 0), "getrandom"));
  }
  return bytes;
}

}  // namespace engine::system
