#include <dirent.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <memory>

#include "../of_system.h"
#include "stat_linux.h"

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

std::vector<Entry> entries(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) throw lastFailure("scandir", path);
  std::vector<Entry> found;
  for (;;) {
    errno = 0;  // stays so at the end
    const dirent* const entry = readdir(folder.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") found.push_back({name, entry->d_type});
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
