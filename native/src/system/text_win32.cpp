#include "text_win32.h"

#include <windows.h>

namespace hvsock {
namespace {

// Of CreateDirectoryW, which takes less than all others.
constexpr std::size_t longestPath = 247;

bool startsWith(const std::wstring& text, const wchar_t* start) { return text.rfind(start, 0) == 0; }

}  // namespace

std::wstring wide(const std::string& text) {
  const auto length = static_cast<int>(text.size());
  std::wstring units(static_cast<std::size_t>(MultiByteToWideChar(CP_UTF8, 0, text.data(), length, nullptr, 0)), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text.data(), length, units.data(), static_cast<int>(units.size()));
  return units;
}

std::string narrow(const std::wstring& text) {
  const auto length = static_cast<int>(text.size());
  const int size = WideCharToMultiByte(CP_UTF8, 0, text.data(), length, nullptr, 0, nullptr, nullptr);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  WideCharToMultiByte(CP_UTF8, 0, text.data(), length, bytes.data(), size, nullptr, nullptr);
  return bytes;
}

std::wstring widePath(const std::string& path) {
  std::wstring given = wide(path);
  if (given.size() <= longestPath || startsWith(given, LR"(\\?\)") || startsWith(given, LR"(\\.\)")) return given;
  std::wstring full(32768, L'\0');
  const DWORD length = GetFullPathNameW(given.c_str(), static_cast<DWORD>(full.size()), full.data(), nullptr);
  if (length == 0 || length >= full.size()) return given;
  full.resize(length);
  return startsWith(full, LR"(\\)") ? LR"(\\?\UNC\)" + full.substr(2) : LR"(\\?\)" + full;
}

}  // namespace hvsock
