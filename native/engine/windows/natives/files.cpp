#include <algorithm>
#include <cstring>

#include "../../natives/of_system.h"
#include "../handles/console.h"
#include "../handles/handles.h"
#include "../core/text.h"
#include "stat_of.h"

namespace engine::files {
namespace {

// src/engine/files.ts has the numbers.
enum Flags { writeOnly = 1, readWrite = 2, create = 0100, exclusive = 0200, truncate = 01000, append = 02000 };

constexpr int ownerWrites = 0200;

DWORD dispositionOf(int flags) {
  if ((flags & create) != 0 && (flags & exclusive) != 0) return CREATE_NEW;
  if ((flags & create) != 0) return (flags & truncate) != 0 ? CREATE_ALWAYS : OPEN_ALWAYS;
  return (flags & truncate) != 0 ? TRUNCATE_EXISTING : OPEN_EXISTING;
}

DWORD accessOf(int flags) {
  DWORD access = (flags & readWrite) != 0  ? FILE_GENERIC_READ | FILE_GENERIC_WRITE
                 : (flags & writeOnly) != 0 ? FILE_GENERIC_WRITE
                                            : FILE_GENERIC_READ;
  // Without the right to write anywhere else, each write goes to the end.
  if ((flags & append) != 0) access = (access & ~static_cast<DWORD>(FILE_WRITE_DATA)) | FILE_APPEND_DATA;
  return access;
}

}  // namespace

int open(const std::string& path, int flags, int mode) {
  constexpr DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  // A folder can be opened, too.
  DWORD attributes = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS;
  if ((flags & create) != 0 && (mode & ownerWrites) == 0) attributes |= FILE_ATTRIBUTE_READONLY;
  const HANDLE handle =
      CreateFileW(widePath(path).c_str(), accessOf(flags), share, nullptr, dispositionOf(flags), attributes, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    const DWORD error = GetLastError();
    const bool isFolder = error == ERROR_FILE_EXISTS && (flags & create) != 0 && (flags & exclusive) == 0;
    throw SystemFailure{static_cast<int>(isFolder ? ERROR_INVALID_FUNCTION : error), "open", path};
  }
  return addHandle(handle);
}

void close(int descriptor) { closeHandle(descriptor, "close"); }

std::size_t read(int descriptor, void* to, std::size_t most) {
  Opened* opened = openedWithoutBlocking(descriptor);
  if (opened == nullptr) return readNow(handleOf(descriptor, "read"), to, most);
  if (!canBeRead(*opened)) throw SystemFailure{WSAEWOULDBLOCK, "read"};
  hvsock::Intake& received = *opened->received;
  const std::size_t length = std::min(received.size(), most);
  if (length == 0 && received.error() != 0) throw SystemFailure{received.error(), "read"};
  std::memcpy(to, received.data(), length);
  received.take(length);
  return length;
}

std::size_t write(int descriptor, const std::uint8_t* data, std::size_t length) {
  if (Opened* opened = openedWithoutBlocking(descriptor)) return opened->sent->take(data, length);
  const HANDLE handle = handleOf(descriptor, "write");
  return isConsole(handle) ? writeConsole(handle, data, length) : writeNow(handle, data, length);
}

Stat fstat(int descriptor) { return statOf(handleOf(descriptor, "fstat"), "fstat"); }

void fchmod(int descriptor, int mode) {
  const HANDLE handle = handleOf(descriptor, "fchmod");
  FILE_BASIC_INFO info{};
  if (!GetFileInformationByHandleEx(handle, FileBasicInfo, &info, sizeof info)) throw lastFailure("fchmod");
  const bool writable = (mode & ownerWrites) != 0;
  const DWORD other = info.FileAttributes & ~static_cast<DWORD>(FILE_ATTRIBUTE_READONLY);
  info.FileAttributes = writable ? other : other | FILE_ATTRIBUTE_READONLY;
  if (info.FileAttributes == 0) info.FileAttributes = FILE_ATTRIBUTE_NORMAL;
  if (!SetFileInformationByHandle(handle, FileBasicInfo, &info, sizeof info)) throw lastFailure("fchmod");
}

// Windows has owners of another kind: nothing is done, as in Node.
void fchown(int, std::uint32_t, std::uint32_t) {}

void fsync(int descriptor) {
  if (!FlushFileBuffers(handleOf(descriptor, "fsync"))) throw lastFailure("fsync");
}

void setNonblocking(int descriptor) { stopBlocking(descriptor, "read"); }

}  // namespace engine::files
