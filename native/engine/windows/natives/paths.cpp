#include <memory>

#include "../../natives/of_system.h"
#include "../core/random.h"
#include "../core/text.h"
#include "links.h"
#include "stat_of.h"

namespace engine::paths {
namespace {

constexpr int typeFolder = 4;
constexpr int typeFile = 8;
constexpr int typeLink = 10;

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

std::vector<Entry> entries(const std::string& path) {
  if ((attributesOf(path, "scandir") & FILE_ATTRIBUTE_DIRECTORY) == 0) {
    throw SystemFailure{ERROR_DIRECTORY, "scandir", path};
  }
  WIN32_FIND_DATAW entry{};
  const HANDLE search = FindFirstFileW((widePath(path) + L"\\*").c_str(), &entry);
  if (search == INVALID_HANDLE_VALUE) throw lastFailure("scandir", path);
  const std::unique_ptr<void, decltype(&FindClose)> closing(search, FindClose);
  std::vector<Entry> found;
  do {
    const std::wstring name = entry.cFileName;
    if (name == L"." || name == L"..") continue;
    const bool isLink = (entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
                        (entry.dwReserved0 == IO_REPARSE_TAG_SYMLINK || entry.dwReserved0 == IO_REPARSE_TAG_MOUNT_POINT);
    const bool isFolder = (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    found.push_back({narrow(name), isLink ? typeLink : isFolder ? typeFolder : typeFile});
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
  for (const char byte : randomBytes(6)) path += letters[static_cast<unsigned char>(byte) % (sizeof letters - 1)];
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
