#pragma once

#include <sys/stat.h>

#include "../core/call.h"

namespace engine {

// What src/engine/files/stats.ts makes a Stats of: dev, ino, mode, nlink, uid, gid, rdev, size, and milliseconds of the
// last access, change of the content, and change of the file.
JSValue newStat(JSContext* js, const struct stat& found);
// What identifies a file, as BigInts: dev, ino, and nanoseconds of the last change of the content.
JSValue newIdentity(JSContext* js, const struct stat& found);

}  // namespace engine
