#include "links.h"

#include <winioctl.h>

#include <cstring>

#include "../../src/system/text_win32.h"

namespace engine {
namespace {

using hvsock::narrow;
using hvsock::widePath;

// https://learn.microsoft.com/en-us/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_reparse_data_buffer
struct ReparseHead {
  ULONG tag;
  USHORT dataLength;
  USHORT reserved;
  USHORT substituteOffset;
  USHORT substituteLength;
  USHORT printOffset;
  USHORT printLength;
};

// Behind its head, a symbolic link has flags; then come the names, which lie at offsets in bytes.
std::wstring nameIn(const char* data, std::size_t size, std::size_t names, USHORT offset, USHORT length) {
  if (names + offset + length > size) return {};
  std::wstring name(length / sizeof(wchar_t), L'\0');
  std::memcpy(name.data(), data + names + offset, name.size() * sizeof(wchar_t));
  return name;
}

constexpr std::uint32_t regular = 0100000;
constexpr std::uint32_t folder = 0040000;
constexpr std::uint32_t symbolicLink = 0120000;
constexpr std::uint32_t characters = 0020000;
constexpr std::uint32_t fifo = 0010000;
constexpr std::uint32_t readable = 0444;
constexpr std::uint32_t writable = 0222;

// 100 ns from the start of 1601 to that of 1970.
constexpr std::int64_t unixEpoch = 116444736000000000;

std::int64_t nanoseconds(const LARGE_INTEGER& time) { return (time.QuadPart - unixEpoch) * 100; }

// A console, a pipe, NUL: they have no more than a kind.
Stat deviceStat(DWORD type) {
  Stat stat;
  stat.mode = (type == FILE_TYPE_PIPE ? fifo : characters) | readable | writable;
  stat.links = 1;
  return stat;
}

Stat fileStat(HANDLE handle, const char* call, const std::string& path, bool follow) {
  BY_HANDLE_FILE_INFORMATION info{};
  FILE_BASIC_INFO times{};
  if (!GetFileInformationByHandle(handle, &info) ||
      !GetFileInformationByHandleEx(handle, FileBasicInfo, &times, sizeof times)) {
    throw lastFailure(call, path);
  }
  Stat stat;
  stat.device = info.dwVolumeSerialNumber;
  stat.index = std::uint64_t{info.nFileIndexHigh} << 32 | info.nFileIndexLow;
  stat.links = info.nNumberOfLinks;
  stat.size = std::uint64_t{info.nFileSizeHigh} << 32 | info.nFileSizeLow;
  stat.written = nanoseconds(times.LastWriteTime);
  const bool isFolder = (info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  stat.mode = (isFolder ? folder : regular) | readable;
  if ((info.dwFileAttributes & FILE_ATTRIBUTE_READONLY) == 0) stat.mode |= writable;
  const bool mayBeLink = !follow && (info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0;
  if (const auto target = mayBeLink ? linkTarget(handle) : std::nullopt) {
    stat.mode = symbolicLink | (stat.mode & 0777);
    stat.size = narrow(*target).size();
  } else if (isFolder) {
    stat.size = 0;
  }
  return stat;
}

}  // namespace

FileHandle::FileHandle(const std::string& path, DWORD access, bool follow)
    : handle_(CreateFileW(widePath(path).c_str(), access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                          nullptr, OPEN_EXISTING,
                          FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0u : FILE_FLAG_OPEN_REPARSE_POINT), nullptr)) {}

FileHandle::~FileHandle() {
  if (isOpen()) CloseHandle(handle_);
}

std::optional<std::wstring> linkTarget(HANDLE handle) {
  alignas(ReparseHead) char data[MAXIMUM_REPARSE_DATA_BUFFER_SIZE];
  DWORD size = 0;
  if (!DeviceIoControl(handle, FSCTL_GET_REPARSE_POINT, nullptr, 0, data, sizeof data, &size, nullptr)) {
    return std::nullopt;
  }
  if (size < sizeof(ReparseHead)) return std::nullopt;
  ReparseHead head;
  std::memcpy(&head, data, sizeof head);
  const bool isSymbolic = head.tag == IO_REPARSE_TAG_SYMLINK;
  if (!isSymbolic && head.tag != IO_REPARSE_TAG_MOUNT_POINT) return std::nullopt;
  const std::size_t names = sizeof head + (isSymbolic ? sizeof(ULONG) : 0);
  return plainPath(nameIn(data, size, names, head.substituteOffset, head.substituteLength));
}

std::wstring plainPath(const std::wstring& path) {
  for (const wchar_t* start : {LR"(\\?\UNC\)", LR"(\??\UNC\)"}) {
    if (path.rfind(start, 0) == 0) return LR"(\\)" + path.substr(8);
  }
  for (const wchar_t* start : {LR"(\\?\)", LR"(\??\)"}) {
    if (path.rfind(start, 0) == 0 && path.size() > 5 && path[5] == L':') return path.substr(4);
  }
  return path;
}

Stat statOf(HANDLE handle, const char* call, const std::string& path) {
  const DWORD type = GetFileType(handle);
  return type == FILE_TYPE_DISK ? fileStat(handle, call, path, true) : deviceStat(type);
}

Stat statOf(const std::string& path, bool follow, const char* call) {
  const FileHandle file(path, FILE_READ_ATTRIBUTES, follow);
  if (!file.isOpen()) throw lastFailure(call, path);
  const DWORD type = GetFileType(file.get());
  return type == FILE_TYPE_DISK ? fileStat(file.get(), call, path, follow) : deviceStat(type);
}

}  // namespace engine
