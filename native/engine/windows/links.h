#pragma once

#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <optional>
#include <string>

#include "../natives/of_system.h"

namespace engine {

// An open file or folder; where a path leads, or the last link of it itself.
class FileHandle {
 public:
  FileHandle(const std::string& path, DWORD access, bool follow);
  ~FileHandle();
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  bool isOpen() const { return handle_ != INVALID_HANDLE_VALUE; }
  HANDLE get() const { return handle_; }

 private:
  const HANDLE handle_;
};

// Where a symbolic link or a junction leads; nothing for any other file.
std::optional<std::wstring> linkTarget(HANDLE handle);

// A path that the system gave, without what stands in front of it there.
std::wstring plainPath(const std::wstring& path);

// Of an open handle; `path` is for the message. Throws.
Stat statOf(HANDLE handle, const char* call, const std::string& path = {});
// Of a path: of what links lead to, or of the last link itself. Throws.
Stat statOf(const std::string& path, bool follow, const char* call);

}  // namespace engine
