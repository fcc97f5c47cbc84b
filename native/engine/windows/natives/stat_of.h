#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include "../../natives/stat.h"

namespace engine {

// Of an open handle; `path` is for the message. Throws.
Stat statOf(HANDLE handle, const char* call, const std::string& path = {});
// Of a path: of what links lead to, or of the last link itself. Throws.
Stat statOf(const std::string& path, bool follow, const char* call);

}  // namespace engine
