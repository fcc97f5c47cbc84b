#include <algorithm>
#include <cstring>
#include <memory>

#include "../natives/of_system.h"
#include "handles.h"
#include "links.h"

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

namespace engine::paths {
namespace {

constexpr int mayWrite = 2;

// Hands a result on; throws where it is FALSE.
void done(BOOL result, const char* call, const std::string& path) {
  if (!result) throw lastFailure(call, path);
}

DWORD attributesOf(const std::string& path, const char* call) {
  const DWORD attributes = GetFileAttributesW(widePath(path).c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES) throw lastFailure(call, path);
  return attributes;
}

}  // namespace

Stat stat(const std::string& path) { return statOf(path, true, "stat"); }
Stat lstat(const std::string& path) { return statOf(path, false, "lstat"); }

void access(const std::string& path, int mode) {
  const DWORD attributes = attributesOf(path, "access");
  const bool locked = (attributes & FILE_ATTRIBUTE_READONLY) != 0 && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
  if (locked && (mode & mayWrite) != 0) throw SystemFailure{ERROR_ACCESS_DENIED, "access", path};
}

bool exists(const std::string& path) { return GetFileAttributesW(widePath(path).c_str()) != INVALID_FILE_ATTRIBUTES; }

std::vector<std::string> entries(const std::string& path) {
  if ((attributesOf(path, "scandir") & FILE_ATTRIBUTE_DIRECTORY) == 0) {
    throw SystemFailure{ERROR_DIRECTORY, "scandir", path};
  }
  WIN32_FIND_DATAW entry{};
  const HANDLE search = FindFirstFileW((widePath(path) + L"\\*").c_str(), &entry);
  if (search == INVALID_HANDLE_VALUE) throw lastFailure("scandir", path);
  const std::unique_ptr<void, decltype(&FindClose)> closing(search, FindClose);
  std::vector<std::string> found;
  do {
    const std::wstring name = entry.cFileName;
    if (name != L"." && name != L"..") found.push_back(narrow(name));
  } while (FindNextFileW(search, &entry));
  if (GetLastError() != ERROR_NO_MORE_FILES) throw lastFailure("scandir", path);
  return found;
}

std::string readlink(const std::string& path) {
  const FileHandle file(path, FILE_READ_ATTRIBUTES, false);
  if (!file.isOpen()) throw lastFailure("readlink", path);
  const auto target = linkTarget(file.get());
  if (!target) throw SystemFailure{ERROR_NOT_A_REPARSE_POINT, "readlink", path};
  return narrow(*target);
}

std::string realpath(const std::string& path) {
  const FileHandle file(path, 0, true);
  if (!file.isOpen()) throw lastFailure("realpath", path);
  std::wstring real(32768, L'\0');
  const DWORD length =
      GetFinalPathNameByHandleW(file.get(), real.data(), static_cast<DWORD>(real.size()), FILE_NAME_NORMALIZED);
  if (length == 0 || length >= real.size()) throw lastFailure("realpath", path);
  real.resize(length);
  return narrow(plainPath(real));
}

void mkdir(const std::string& path, int) { done(CreateDirectoryW(widePath(path).c_str(), nullptr), "mkdir", path); }

std::string mkdtemp(const std::string& start) {
  constexpr char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string path = start;
  for (const char byte : system::randomBytes(6)) path += letters[static_cast<unsigned char>(byte) % (sizeof letters - 1)];
  done(CreateDirectoryW(widePath(path).c_str(), nullptr), "mkdtemp", path);
  return path;
}

void rename(const std::string& from, const std::string& to) {
  done(MoveFileExW(widePath(from).c_str(), widePath(to).c_str(), MOVEFILE_REPLACE_EXISTING), "rename", from);
}

// A link to a folder is removed as a folder is; a folder itself is not, as in Node.
void unlink(const std::string& path) {
  const std::wstring name = widePath(path);
  const DWORD attributes = attributesOf(path, "unlink");
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0) throw SystemFailure{ERROR_ACCESS_DENIED, "unlink", path};
    done(RemoveDirectoryW(name.c_str()), "unlink", path);
    return;
  }
  const DWORD writable = attributes & ~static_cast<DWORD>(FILE_ATTRIBUTE_READONLY);
  if (writable != attributes) SetFileAttributesW(name.c_str(), writable == 0 ? FILE_ATTRIBUTE_NORMAL : writable);
  done(DeleteFileW(name.c_str()), "unlink", path);
}

void rmdir(const std::string& path) { done(RemoveDirectoryW(widePath(path).c_str()), "rmdir", path); }

void symlink(const std::string& target, const std::string& path) {
  constexpr DWORD withoutRights = 2;  // SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE, as a developer's Windows allows
  done(CreateSymbolicLinkW(widePath(path).c_str(), wide(target).c_str(), withoutRights) != 0, "symlink", target);
}

}  // namespace engine::paths
