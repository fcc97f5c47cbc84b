#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <memory>

#include "of_system.h"

namespace engine {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

Stat toStat(const struct stat& found) {
  Stat stat;
  stat.device = found.st_dev;
  stat.index = found.st_ino;
  stat.mode = found.st_mode;
  stat.links = found.st_nlink;
  stat.user = found.st_uid;
  stat.group = found.st_gid;
  stat.size = static_cast<std::uint64_t>(found.st_size);
  stat.written = nanoseconds(found.st_mtim);
  return stat;
}

}  // namespace
}  // namespace engine

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

namespace engine::paths {

Stat stat(const std::string& path) {
  struct stat found{};
  succeeded(::stat(path.c_str(), &found), "stat", path);
  return toStat(found);
}

Stat lstat(const std::string& path) {
  struct stat found{};
  succeeded(::lstat(path.c_str(), &found), "lstat", path);
  return toStat(found);
}

void access(const std::string& path, int mode) { succeeded(::access(path.c_str(), mode), "access", path); }

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::vector<std::string> entries(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) throw lastFailure("scandir", path);
  std::vector<std::string> found;
  for (;;) {
    errno = 0;  // stays so at the end
    const dirent* const entry = readdir(folder.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") found.push_back(name);
  }
  if (errno != 0) throw lastFailure("scandir", path);
  return found;
}

std::string readlink(const std::string& path) {
  char target[PATH_MAX];
  const auto length = succeeded(::readlink(path.c_str(), target, sizeof target), "readlink", path);
  return {target, static_cast<std::size_t>(length)};
}

std::string realpath(const std::string& path) {
  char real[PATH_MAX];
  if (::realpath(path.c_str(), real) == nullptr) throw lastFailure("realpath", path);
  return real;
}

void mkdir(const std::string& path, int mode) {
  succeeded(::mkdir(path.c_str(), static_cast<mode_t>(mode)), "mkdir", path);
}

std::string mkdtemp(const std::string& start) {
  std::string path = start + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw lastFailure("mkdtemp", path);
  return path;
}

void rename(const std::string& from, const std::string& to) {
  succeeded(::rename(from.c_str(), to.c_str()), "rename", from);
}

void unlink(const std::string& path) { succeeded(::unlink(path.c_str()), "unlink", path); }

void rmdir(const std::string& path) { succeeded(::rmdir(path.c_str()), "rmdir", path); }

void symlink(const std::string& target, const std::string& path) {
  succeeded(::symlink(target.c_str(), path.c_str()), "symlink", target);
}

}  // namespace engine::paths
