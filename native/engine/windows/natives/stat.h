#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include "../../core/call.h"

namespace engine {

// What stat(2) tells of a file elsewhere, as libuv makes it.
struct Stat {
  std::uint64_t device;
  std::uint64_t index;
  std::uint32_t mode;
  std::uint32_t links;
  std::uint64_t size;
  // Of the last access, change of the content, and change of the file: 100 ns since 1601.
  std::int64_t accessed;
  std::int64_t written;
  std::int64_t changed;
};

// Of an open handle; `path` is for the message. Throws.
Stat statOf(HANDLE handle, const char* call, const std::string& path = {});
// Of a path: of what links lead to, or of the last link itself. Throws.
Stat statOf(const std::string& path, bool follow, const char* call);

// The same arrays as natives/stat_linux.h has.
JSValue newStat(JSContext* js, const Stat& found);
JSValue newIdentity(JSContext* js, const Stat& found);

}  // namespace engine
