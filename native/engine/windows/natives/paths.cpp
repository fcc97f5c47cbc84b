#include <memory>

#include "../../natives/modules.h"
#include "../core/random.h"
#include "../core/text.h"
#include "links.h"
#include "stat.h"

namespace engine {
namespace {

constexpr int typeFolder = 4;
constexpr int typeFile = 8;
constexpr int typeLink = 10;

constexpr int mayWrite = 2;
constexpr int ownerWrites = 0200;

// Hands a result on; throws where it is FALSE.
void done(BOOL result, const char* call, const std::string& path) {
  if (!result) throw lastFailure(call, path);
}

DWORD attributesOf(const std::string& path, const char* call) {
  const DWORD attributes = GetFileAttributesW(widePath(path).c_str());
  if (attributes == INVALID_FILE_ATTRIBUTES) throw lastFailure(call, path);
  return attributes;
}

JSValue stat(Call& call) { return newStat(call.js, statOf(call.word(0), true, "stat")); }
JSValue lstat(Call& call) { return newStat(call.js, statOf(call.word(0), false, "lstat")); }
JSValue lstatIdentity(Call& call) { return newIdentity(call.js, statOf(call.word(0), false, "lstat")); }

JSValue access(Call& call) {
  const std::string path = call.word(0);
  const DWORD attributes = attributesOf(path, "access");
  const bool locked = (attributes & FILE_ATTRIBUTE_READONLY) != 0 && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
  if (locked && (call.integer(1) & mayWrite) != 0) throw SystemFailure{ERROR_ACCESS_DENIED, "access", path};
  return JS_UNDEFINED;
}

// Names and types (DT_DIR …) in turn, in the order of the file system.
JSValue readdir(Call& call) {
  const std::string path = call.word(0);
  if ((attributesOf(path, "scandir") & FILE_ATTRIBUTE_DIRECTORY) == 0) {
    throw SystemFailure{ERROR_DIRECTORY, "scandir", path};
  }
  WIN32_FIND_DATAW entry{};
  const HANDLE search = FindFirstFileW((widePath(path) + L"\\*").c_str(), &entry);
  if (search == INVALID_HANDLE_VALUE) throw lastFailure("scandir", path);
  const std::unique_ptr<void, decltype(&FindClose)> closing(search, FindClose);
  Value entries(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  do {
    const std::wstring name = entry.cFileName;
    if (name == L"." || name == L"..") continue;
    const bool isLink = (entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 &&
                        (entry.dwReserved0 == IO_REPARSE_TAG_SYMLINK || entry.dwReserved0 == IO_REPARSE_TAG_MOUNT_POINT);
    const bool isFolder = (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    append(call.js, entries.get(), index++, fromText(call.js, narrow(name)));
    append(call.js, entries.get(), index++, JS_NewInt32(call.js, isLink ? typeLink : isFolder ? typeFolder : typeFile));
  } while (FindNextFileW(search, &entry));
  if (GetLastError() != ERROR_NO_MORE_FILES) throw lastFailure("scandir", path);
  return entries.release();
}

JSValue readlink(Call& call) {
  const std::string path = call.word(0);
  const FileHandle file(path, FILE_READ_ATTRIBUTES, false);
  if (!file.isOpen()) throw lastFailure("readlink", path);
  const auto target = linkTarget(file.get());
  if (!target) throw SystemFailure{ERROR_NOT_A_REPARSE_POINT, "readlink", path};
  return fromText(call.js, narrow(*target));
}

JSValue realpath(Call& call) {
  const std::string path = call.word(0);
  const FileHandle file(path, 0, true);
  if (!file.isOpen()) throw lastFailure("realpath", path);
  std::wstring real(32768, L'\0');
  const DWORD length =
      GetFinalPathNameByHandleW(file.get(), real.data(), static_cast<DWORD>(real.size()), FILE_NAME_NORMALIZED);
  if (length == 0 || length >= real.size()) throw lastFailure("realpath", path);
  real.resize(length);
  return fromText(call.js, narrow(plainPath(real)));
}

JSValue mkdir(Call& call) {
  const std::string path = call.word(0);
  done(CreateDirectoryW(widePath(path).c_str(), nullptr), "mkdir", path);
  return JS_UNDEFINED;
}

JSValue mkdtemp(Call& call) {
  constexpr char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  std::string path = call.word(0);
  for (const char byte : randomBytes(6)) path += letters[static_cast<unsigned char>(byte) % (sizeof letters - 1)];
  done(CreateDirectoryW(widePath(path).c_str(), nullptr), "mkdtemp", path);
  return fromText(call.js, path);
}

JSValue rename(Call& call) {
  const std::string from = call.word(0);
  const std::wstring to = widePath(call.word(1));
  done(MoveFileExW(widePath(from).c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING), "rename", from);
  return JS_UNDEFINED;
}

JSValue link(Call& call) {
  const std::string from = call.word(0);
  done(CreateHardLinkW(widePath(call.word(1)).c_str(), widePath(from).c_str(), nullptr), "link", from);
  return JS_UNDEFINED;
}

// A link to a folder is removed as a folder is; a folder itself is not, as in Node.
JSValue unlink(Call& call) {
  const std::string path = call.word(0);
  const std::wstring name = widePath(path);
  const DWORD attributes = attributesOf(path, "unlink");
  if ((attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
    if ((attributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0) throw SystemFailure{ERROR_ACCESS_DENIED, "unlink", path};
    done(RemoveDirectoryW(name.c_str()), "unlink", path);
    return JS_UNDEFINED;
  }
  const DWORD writable = attributes & ~static_cast<DWORD>(FILE_ATTRIBUTE_READONLY);
  if (writable != attributes) SetFileAttributesW(name.c_str(), writable == 0 ? FILE_ATTRIBUTE_NORMAL : writable);
  done(DeleteFileW(name.c_str()), "unlink", path);
  return JS_UNDEFINED;
}

JSValue rmdir(Call& call) {
  const std::string path = call.word(0);
  done(RemoveDirectoryW(widePath(path).c_str()), "rmdir", path);
  return JS_UNDEFINED;
}

JSValue symlink(Call& call) {
  const std::string target = call.word(0);
  constexpr DWORD withoutRights = 2;  // SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE, as a developer's Windows allows
  const std::wstring path = widePath(call.word(1));
  done(CreateSymbolicLinkW(path.c_str(), wide(target).c_str(), withoutRights) != 0, "symlink", target);
  return JS_UNDEFINED;
}

JSValue chmod(Call& call) {
  const std::string path = call.word(0);
  const DWORD before = attributesOf(path, "chmod");
  const DWORD other = before & ~static_cast<DWORD>(FILE_ATTRIBUTE_READONLY);
  const DWORD after = (call.integer(1) & ownerWrites) != 0 ? other : other | FILE_ATTRIBUTE_READONLY;
  done(SetFileAttributesW(widePath(path).c_str(), after == 0 ? FILE_ATTRIBUTE_NORMAL : after), "chmod", path);
  return JS_UNDEFINED;
}

// Windows has owners of another kind: nothing is done, as in Node.
JSValue chown(Call&) { return JS_UNDEFINED; }

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
