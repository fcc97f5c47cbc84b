#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../core/call.h"
#include "../core/program.h"

// What each system does in its own way, below the modules in this folder, which hand it to JavaScript. Each function may
// throw a SystemFailure.
namespace engine {

// What stat(2) says of a file.
struct Stat {
  std::uint64_t device = 0;
  std::uint64_t index = 0;
  std::uint32_t mode = 0;
  std::uint64_t links = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint64_t size = 0;
  // Nanoseconds since 1970, of the last change of the content.
  std::int64_t written = 0;
};

namespace files {

// `flags` has the numbers of src/engine/files.ts.
int open(const std::string& path, int flags, int mode);
void close(int descriptor);
// How many bytes it read; none at end-of-file.
std::size_t read(int descriptor, void* to, std::size_t most);
// How many bytes the system accepted at once.
std::size_t write(int descriptor, const std::uint8_t* data, std::size_t length);
Stat fstat(int descriptor);
void fchmod(int descriptor, int mode);
void fchown(int descriptor, std::uint32_t owner, std::uint32_t group);
void fsync(int descriptor);
void setNonblocking(int descriptor);

}  // namespace files

namespace paths {

Stat stat(const std::string& path);
// Of a link itself.
Stat lstat(const std::string& path);
void access(const std::string& path, int mode);
// Also false if that cannot be found out.
bool exists(const std::string& path);
// Names in the order of the file system.
std::vector<std::string> entries(const std::string& folder);
std::string readlink(const std::string& path);
std::string realpath(const std::string& path);
void mkdir(const std::string& path, int mode);
// A new folder, whose path begins so.
std::string mkdtemp(const std::string& start);
void rename(const std::string& from, const std::string& to);
void unlink(const std::string& path);
void rmdir(const std::string& path);
void symlink(const std::string& target, const std::string& path);

}  // namespace paths

namespace processes {

struct NewProgram {
  std::string name;
  std::vector<std::string> words;
  // "NAME=value" each.
  std::vector<std::string> environment;
  // Its 0, 1 and 2, by ours.
  std::vector<int> descriptors;
  std::optional<std::string> folder;
  // In a session of its own.
  bool detached;
  // Without a window, on Windows.
  bool hidden;
};

int spawn(const NewProgram& program);
void kill(int pid, int signal);
// A child's exit code, or a signal's number below 0; nothing if it still runs after so many milliseconds. Below 0: without end.
std::optional<std::int64_t> wait(int pid, double ms);
// The descriptors that can be read from by then.
std::vector<int> awaitReadable(const std::vector<int>& descriptors, double ms);

}  // namespace processes

namespace sockets {

// To a unix socket, which connects at once, or not at all.
int connect(const std::string& path);
int listen(const std::string& path);
int accept(int descriptor);
// Two descriptors that are connected with each other, for ourselves and for a child.
std::pair<int, int> pair();
void shutdownWriting(int descriptor);
bool isIPv4(const std::string& text);
bool isIPv6(const std::string& text);
// A descriptor from which to read the addresses of a name, in lines.
int lookup(const std::string& name);

}  // namespace sockets

namespace system {

// As Node calls it.
const char* platform();
// "NAME=value" each.
std::vector<std::string> environment();
std::string workingFolder();
std::string programPath(const Start& start);
// Of this process; below 0 where there are none.
double user();
double effectiveUser();
double parentPid();
int pid();
// How many numbers of errors there are, and the name of one; "" if it has none.
int errorCount();
std::string errorName(int number);
// Microseconds on a processor: as the program, and in the kernel.
std::pair<double, double> processorTime();
// As uname(2) has them: the system's name, the host's, release, version, and machine.
std::vector<std::string> names();
// The user's name and home.
std::vector<std::string> account();
bool isTerminal(int descriptor);
// Of a terminal; 0 if unknown.
int columns(int descriptor);
std::string randomBytes(std::size_t count);

}  // namespace system

}  // namespace engine
