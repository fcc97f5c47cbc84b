#include <algorithm>
#include <cstring>
#include <memory>

#include "../../natives/modules.h"
#include "../handles/console.h"
#include "../handles/handles.h"
#include "../core/text.h"
#include "stat.h"

namespace engine {
namespace {

// src/engine/files/flags.ts has the numbers.
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

JSValue open(Call& call) {
  const std::string path = call.word(0);
  const int flags = call.integer(1);
  constexpr DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  // A folder can be opened, too.
  DWORD attributes = FILE_ATTRIBUTE_NORMAL | FILE_FLAG_BACKUP_SEMANTICS;
  if ((flags & create) != 0 && (call.integer(2) & ownerWrites) == 0) attributes |= FILE_ATTRIBUTE_READONLY;
  const HANDLE handle =
      CreateFileW(widePath(path).c_str(), accessOf(flags), share, nullptr, dispositionOf(flags), attributes, nullptr);
  if (handle == INVALID_HANDLE_VALUE) {
    const DWORD error = GetLastError();
    const bool isFolder = error == ERROR_FILE_EXISTS && (flags & create) != 0 && (flags & exclusive) == 0;
    throw SystemFailure{static_cast<int>(isFolder ? ERROR_INVALID_FUNCTION : error), "open", path};
  }
  return JS_NewInt32(call.js, addHandle(handle));
}

JSValue close(Call& call) {
  closeHandle(call.integer(0), "close");
  return JS_UNDEFINED;
}

std::size_t readFrom(int descriptor, void* to, std::size_t most) {
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

// Reads up to that many bytes; none at end-of-file.
JSValue read(Call& call) {
  constexpr int most = 1 << 20;
  const auto size = static_cast<std::size_t>(std::clamp(call.integer(1), 0, most));
  const std::unique_ptr<char[]> buffer(new char[size]);
  return newBytes(call.js, buffer.get(), readFrom(call.integer(0), buffer.get(), size));
}

// Into bytes that are there; how many it were.
JSValue readInto(Call& call) {
  const auto [data, length] = call.bytes(1);
  const std::size_t got = readFrom(call.integer(0), const_cast<std::uint8_t*>(data), length);
  return JS_NewInt64(call.js, static_cast<std::int64_t>(got));
}

// As many bytes as the system takes at once.
JSValue write(Call& call) {
  const int descriptor = call.integer(0);
  const auto [data, length] = call.bytes(1);
  if (Opened* opened = openedWithoutBlocking(descriptor)) {
    return JS_NewInt64(call.js, static_cast<std::int64_t>(opened->sent->take(data, length)));
  }
  const HANDLE handle = handleOf(descriptor, "write");
  const std::size_t written =
      isConsole(handle) ? writeConsole(handle, data, length) : writeNow(handle, data, length);
  return JS_NewInt64(call.js, static_cast<std::int64_t>(written));
}

JSValue fstat(Call& call) { return newStat(call.js, statOf(handleOf(call.integer(0), "fstat"), "fstat")); }

JSValue fstatIdentity(Call& call) {
  return newIdentity(call.js, statOf(handleOf(call.integer(0), "fstat"), "fstat"));
}

JSValue fchmod(Call& call) {
  const HANDLE handle = handleOf(call.integer(0), "fchmod");
  FILE_BASIC_INFO info{};
  if (!GetFileInformationByHandleEx(handle, FileBasicInfo, &info, sizeof info)) throw lastFailure("fchmod");
  const bool writable = (call.integer(1) & ownerWrites) != 0;
  const DWORD other = info.FileAttributes & ~static_cast<DWORD>(FILE_ATTRIBUTE_READONLY);
  info.FileAttributes = writable ? other : other | FILE_ATTRIBUTE_READONLY;
  if (info.FileAttributes == 0) info.FileAttributes = FILE_ATTRIBUTE_NORMAL;
  if (!SetFileInformationByHandle(handle, FileBasicInfo, &info, sizeof info)) throw lastFailure("fchmod");
  return JS_UNDEFINED;
}

// Windows has owners of another kind: nothing is done, as in Node.
JSValue fchown(Call&) { return JS_UNDEFINED; }

JSValue fsync(Call& call) {
  if (!FlushFileBuffers(handleOf(call.integer(0), "fsync"))) throw lastFailure("fsync");
  return JS_UNDEFINED;
}

JSValue ftruncate(Call& call) {
  FILE_END_OF_FILE_INFO info{};
  info.EndOfFile.QuadPart = static_cast<LONGLONG>(call.number(1));
  const HANDLE handle = handleOf(call.integer(0), "ftruncate");
  if (!SetFileInformationByHandle(handle, FileEndOfFileInfo, &info, sizeof info)) throw lastFailure("ftruncate");
  return JS_UNDEFINED;
}

JSValue setNonblocking(Call& call) {
  stopBlocking(call.integer(0), "read");
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
