#include "handles.h"

#include <algorithm>
#include <string>

#include "../core/call.h"

namespace engine {
namespace {

// A console takes no more at once.
constexpr std::size_t longest = 8 * 1024;

// Where a line ends at or before `length`, so that no sequence is cut in two; else where a character does.
std::size_t wholeLines(const std::uint8_t* bytes, std::size_t length) {
  std::size_t end = length;
  while (end > 0 && bytes[end - 1] != '\n') --end;
  if (end > 0) return end;
  end = length;
  while (end > 0 && (bytes[end] & 0xC0) == 0x80) --end;
  return end > 0 ? end : length;
}

// A console that reads sequences as long as this lives. Its mode outlives a program, and the shell may want another.
class ReadsSequences {
 public:
  explicit ReadsSequences(HANDLE console) : console_(console) {
    constexpr DWORD sequences = ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
    changed_ = GetConsoleMode(console, &before_) && (before_ & sequences) != sequences &&
               SetConsoleMode(console, before_ | sequences);
  }
  ~ReadsSequences() {
    if (changed_) SetConsoleMode(console_, before_);
  }
  ReadsSequences(const ReadsSequences&) = delete;
  ReadsSequences& operator=(const ReadsSequences&) = delete;

 private:
  const HANDLE console_;
  DWORD before_ = 0;
  bool changed_ = false;
};

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
  const ReadsSequences reading(handle);
  const std::size_t taken = length > longest ? wholeLines(bytes, longest) : length;
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
