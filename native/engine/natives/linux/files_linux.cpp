#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../of_system.h"
#include "stat_linux.h"

namespace engine::files {
namespace {

// JavaScript's numbers are those of Linux on x86 (src/engine/files.ts). On arm64 these two have others, and theirs mean something else.
int systemFlags(int asked) {
  constexpr int directory = 0200000;
  constexpr int noFollow = 0400000;
  int flags = asked & ~(directory | noFollow);
  if ((asked & directory) != 0) flags |= O_DIRECTORY;
  if ((asked & noFollow) != 0) flags |= O_NOFOLLOW;
  return flags;
}

}  // namespace

int open(const std::string& path, int asked, int mode) {
  // Not open(): musl's sets FD_CLOEXEC once more, by a second call of the system.
  const int flags = systemFlags(asked) | O_CLOEXEC;
  const auto descriptor = syscall(SYS_openat, AT_FDCWD, path.c_str(), flags, mode);
  return succeeded(static_cast<int>(descriptor), "open", path);
}

void close(int descriptor) { succeeded(::close(descriptor), "close"); }

std::size_t read(int descriptor, void* to, std::size_t most) {
  return static_cast<std::size_t>(succeeded(::read(descriptor, to, most), "read"));
}

std::size_t write(int descriptor, const std::uint8_t* data, std::size_t length) {
  return static_cast<std::size_t>(succeeded(::write(descriptor, data, length), "write"));
}

Stat fstat(int descriptor) {
  struct stat found{};
  succeeded(::fstat(descriptor, &found), "fstat");
  return toStat(found);
}

void fchmod(int descriptor, int mode) { succeeded(::fchmod(descriptor, static_cast<mode_t>(mode)), "fchmod"); }

void fchown(int descriptor, std::uint32_t owner, std::uint32_t group) {
  succeeded(::fchown(descriptor, owner, group), "fchown");
}

void fsync(int descriptor) { succeeded(::fsync(descriptor), "fsync"); }

void setNonblocking(int descriptor) {
  const int flags = succeeded(fcntl(descriptor, F_GETFL), "fcntl");
  succeeded(fcntl(descriptor, F_SETFL, flags | O_NONBLOCK), "fcntl");
}

}  // namespace engine::files
