#include "links.h"

#include <winioctl.h>

#include <cstring>

#include "../core/text.h"

namespace engine {
namespace {

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

}  // namespace engine
