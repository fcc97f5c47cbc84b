#include "console.h"

#include <algorithm>
#include <string>

#include "../../core/failure.h"
#include "../core/text.h"

namespace engine {
namespace {

// A console takes no more at once.
constexpr std::size_t longest = 8 * 1024;

// Where a character ends, at or before `length`.
std::size_t wholeCharacters(const std::uint8_t* bytes, std::size_t length) {
  std::size_t end = length;
  while (end > 0 && (bytes[end] & 0xC0) == 0x80) --end;
  return end > 0 ? end : length;
}

}  // namespace

bool isConsole(HANDLE handle) {
  DWORD mode = 0;
  return GetFileType(handle) == FILE_TYPE_CHAR && GetConsoleMode(handle, &mode);
}

int consoleColumns(HANDLE handle) {
  CONSOLE_SCREEN_BUFFER_INFO info{};
  return GetConsoleScreenBufferInfo(handle, &info) ? info.srWindow.Right - info.srWindow.Left + 1 : 0;
}

std::size_t writeConsole(HANDLE handle, const std::uint8_t* bytes, std::size_t length) {
  DWORD mode = 0;
  constexpr DWORD sequences = ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
  if (GetConsoleMode(handle, &mode) && (mode & sequences) != sequences) SetConsoleMode(handle, mode | sequences);
  const std::size_t taken = length > longest ? wholeCharacters(bytes, longest) : length;
  const std::wstring text = wide(std::string(bytes, bytes + taken));
  DWORD written = 0;
  for (std::size_t at = 0; at < text.size(); at += written) {
    const auto left = static_cast<DWORD>(text.size() - at);
    if (!WriteConsoleW(handle, text.data() + at, left, &written, nullptr)) throw lastFailure("write");
    if (written == 0) break;
  }
  return taken;
}

}  // namespace engine
