#include "stat_of.h"

#include "../core/text.h"
#include "links.h"

namespace engine {
namespace {

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
  stat.accessed = nanoseconds(times.LastAccessTime);
  stat.written = nanoseconds(times.LastWriteTime);
  stat.changed = times.ChangeTime.QuadPart != 0 ? nanoseconds(times.ChangeTime) : stat.written;
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
