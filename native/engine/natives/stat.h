#pragma once

#include <cstdint>

#include "../core/call.h"

namespace engine {

// What stat(2) says of a file.
struct Stat {
  std::uint64_t device = 0;
  std::uint64_t index = 0;
  std::uint32_t mode = 0;
  std::uint64_t links = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint64_t ofDevice = 0;
  std::uint64_t size = 0;
  // Nanoseconds since 1970, of the last access, change of the content, and change of the file.
  std::int64_t accessed = 0;
  std::int64_t written = 0;
  std::int64_t changed = 0;
};

// What src/engine/files.ts makes a Stats of: dev, ino, mode, nlink, uid, gid, rdev, size, and milliseconds of the
// last access, change of the content, and change of the file.
JSValue newStat(JSContext* js, const Stat& found);
// What identifies a file, as BigInts: dev, ino, and nanoseconds of the last change of the content.
JSValue newIdentity(JSContext* js, const Stat& found);

}  // namespace engine
