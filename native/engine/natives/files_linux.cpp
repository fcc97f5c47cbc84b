#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "modules.h"
#include "stat_linux.h"

namespace engine {
namespace {

// JavaScript's numbers are those of Linux on x86 (src/engine/files/flags.ts). On arm64 these two have others, and theirs mean something else.
int systemFlags(int asked) {
  constexpr int directory = 0200000;
  constexpr int noFollow = 0400000;
  int flags = asked & ~(directory | noFollow);
  if ((asked & directory) != 0) flags |= O_DIRECTORY;
  if ((asked & noFollow) != 0) flags |= O_NOFOLLOW;
  return flags;
}

JSValue open(Call& call) {
  const std::string path = call.word(0);
  // Not open(): musl's sets FD_CLOEXEC once more, by a second call of the system.
  const int flags = systemFlags(call.integer(1)) | O_CLOEXEC;
  const auto descriptor = syscall(SYS_openat, AT_FDCWD, path.c_str(), flags, call.integer(2));
  return JS_NewInt32(call.js, succeeded(static_cast<int>(descriptor), "open", path));
}

JSValue close(Call& call) {
  succeeded(::close(call.integer(0)), "close");
  return JS_UNDEFINED;
}

// Reads up to that many bytes; none at end-of-file.
JSValue read(Call& call) {
  constexpr int most = 1 << 20;
  const auto size = static_cast<std::size_t>(std::clamp(call.integer(1), 0, most));
  const std::unique_ptr<char[]> buffer(new char[size]);
  const auto length = succeeded(::read(call.integer(0), buffer.get(), size), "read");
  return newBytes(call.js, buffer.get(), static_cast<std::size_t>(length));
}

// Fills the bytes that JavaScript gives, as far as there are some: how many.
JSValue readInto(Call& call) {
  const auto [data, length] = call.bytes(1);
  auto* into = const_cast<std::uint8_t*>(data);
  return JS_NewInt64(call.js, succeeded(::read(call.integer(0), into, length), "read"));
}

// As many bytes as the system accepts at once.
JSValue write(Call& call) {
  const auto [data, length] = call.bytes(1);
  return JS_NewInt64(call.js, succeeded(::write(call.integer(0), data, length), "write"));
}

JSValue fstat(Call& call) {
  struct stat found{};
  succeeded(::fstat(call.integer(0), &found), "fstat");
  return newStat(call.js, found);
}

JSValue fstatIdentity(Call& call) {
  struct stat found{};
  succeeded(::fstat(call.integer(0), &found), "fstat");
  return newIdentity(call.js, found);
}

JSValue fchmod(Call& call) {
  succeeded(::fchmod(call.integer(0), static_cast<mode_t>(call.integer(1))), "fchmod");
  return JS_UNDEFINED;
}

JSValue fchown(Call& call) {
  const auto owner = static_cast<uid_t>(call.number(1));
  succeeded(::fchown(call.integer(0), owner, static_cast<gid_t>(call.number(2))), "fchown");
  return JS_UNDEFINED;
}

JSValue fsync(Call& call) {
  succeeded(::fsync(call.integer(0)), "fsync");
  return JS_UNDEFINED;
}

JSValue ftruncate(Call& call) {
  succeeded(::ftruncate(call.integer(0), static_cast<off_t>(call.number(1))), "ftruncate");
  return JS_UNDEFINED;
}

JSValue setNonblocking(Call& call) {
  const int flags = succeeded(fcntl(call.integer(0), F_GETFL), "fcntl");
  succeeded(fcntl(call.integer(0), F_SETFL, flags | O_NONBLOCK), "fcntl");
  return JS_UNDEFINED;
}

constexpr Native functions[] = {
    {"open", native<open>},
    {"close", native<close>},
    {"read", native<read>}, {"readInto", native<readInto>},
    {"write", native<write>},
    {"fstat", native<fstat>},
    {"fstatIdentity", native<fstatIdentity>},
    {"fchmod", native<fchmod>},
    {"fchown", native<fchown>},
    {"fsync", native<fsync>},
    {"ftruncate", native<ftruncate>},
    {"setNonblocking", native<setNonblocking>},
};

}  // namespace

const NativeModule filesModule = nativeModule("engine:files", functions);

}  // namespace engine
