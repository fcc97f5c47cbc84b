#include <dirent.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "modules.h"
#include "stat_linux.h"

namespace engine {
namespace {

JSValue stat(Call& call) {
  const std::string path = call.word(0);
  struct stat found{};
  succeeded(::stat(path.c_str(), &found), "stat", path);
  return newStat(call.js, found);
}

JSValue lstat(Call& call) {
  const std::string path = call.word(0);
  struct stat found{};
  succeeded(::lstat(path.c_str(), &found), "lstat", path);
  return newStat(call.js, found);
}

JSValue lstatIdentity(Call& call) {
  const std::string path = call.word(0);
  struct stat found{};
  succeeded(::lstat(path.c_str(), &found), "lstat", path);
  return newIdentity(call.js, found);
}

JSValue access(Call& call) {
  const std::string path = call.word(0);
  succeeded(::access(path.c_str(), call.integer(1)), "access", path);
  return JS_UNDEFINED;
}

// Names and types (DT_DIR …) in turn, in the order of the file system.
JSValue readdir(Call& call) {
  const std::string path = call.word(0);
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) throw lastFailure("scandir", path);
  Value entries(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  for (;;) {
    errno = 0;  // stays so at the end
    const dirent* const entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    append(call.js, entries.get(), index++, fromSystem(call.js, name.data(), name.size()));
    append(call.js, entries.get(), index++, JS_NewInt32(call.js, entry->d_type));
  }
  if (errno != 0) throw lastFailure("scandir", path);
  return entries.release();
}

JSValue readlink(Call& call) {
  const std::string path = call.word(0);
  char target[PATH_MAX];
  const auto length = succeeded(::readlink(path.c_str(), target, sizeof target), "readlink", path);
  return fromSystem(call.js, target, static_cast<std::size_t>(length));
}

JSValue realpath(Call& call) {
  const std::string path = call.word(0);
  char real[PATH_MAX];
  if (::realpath(path.c_str(), real) == nullptr) throw lastFailure("realpath", path);
  return fromSystem(call.js, real, std::strlen(real));
}

JSValue mkdir(Call& call) {
  const std::string path = call.word(0);
  succeeded(::mkdir(path.c_str(), static_cast<mode_t>(call.integer(1))), "mkdir", path);
  return JS_UNDEFINED;
}

JSValue mkdtemp(Call& call) {
  std::string path = call.word(0) + "XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) throw lastFailure("mkdtemp", path);
  return fromSystem(call.js, path.data(), path.size());
}

JSValue rename(Call& call) {
  const std::string from = call.word(0);
  succeeded(::rename(from.c_str(), call.word(1).c_str()), "rename", from);
  return JS_UNDEFINED;
}

JSValue link(Call& call) {
  const std::string from = call.word(0);
  succeeded(::link(from.c_str(), call.word(1).c_str()), "link", from);
  return JS_UNDEFINED;
}

JSValue unlink(Call& call) {
  const std::string path = call.word(0);
  succeeded(::unlink(path.c_str()), "unlink", path);
  return JS_UNDEFINED;
}

JSValue rmdir(Call& call) {
  const std::string path = call.word(0);
  succeeded(::rmdir(path.c_str()), "rmdir", path);
  return JS_UNDEFINED;
}

JSValue symlink(Call& call) {
  const std::string target = call.word(0);
  succeeded(::symlink(target.c_str(), call.word(1).c_str()), "symlink", target);
  return JS_UNDEFINED;
}

JSValue chmod(Call& call) {
  const std::string path = call.word(0);
  succeeded(::chmod(path.c_str(), static_cast<mode_t>(call.integer(1))), "chmod", path);
  return JS_UNDEFINED;
}

JSValue chown(Call& call) {
  const std::string path = call.word(0);
  const auto owner = static_cast<uid_t>(call.number(1));
  succeeded(::chown(path.c_str(), owner, static_cast<gid_t>(call.number(2))), "chown", path);
  return JS_UNDEFINED;
}

constexpr Native functions[] = {
    {"stat", native<stat>},       {"lstat", native<lstat>},     {"access", native<access>},
    {"readdir", native<readdir>}, {"readlink", native<readlink>}, {"realpath", native<realpath>},
    {"mkdir", native<mkdir>},     {"mkdtemp", native<mkdtemp>}, {"rename", native<rename>},
    {"link", native<link>},       {"unlink", native<unlink>},   {"rmdir", native<rmdir>},
    {"lstatIdentity", native<lstatIdentity>},
    {"symlink", native<symlink>}, {"chmod", native<chmod>},     {"chown", native<chown>},
};

}  // namespace

const NativeModule pathsModule = nativeModule("engine:paths", functions);

}  // namespace engine
