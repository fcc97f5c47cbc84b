#include "keys.h"

#include <mutex>
#include <optional>
#include <string>

#include "../js/js.h"
#include "../system/failure_win32.h"
#include "stdio_win32.h"

namespace hvsock {
namespace {

constexpr DWORD most = 64;  // records at once

std::mutex mutex;
std::optional<DWORD> before;

// What a terminal sends for a key without a character.
const char* sequenceOf(WORD key) {
  switch (key) {
    case VK_UP:
      return "\x1b[A";
    case VK_DOWN:
      return "\x1b[B";
    case VK_HOME:
      return "\x1b[H";
    case VK_END:
      return "\x1b[F";
    case VK_PRIOR:
      return "\x1b[5~";
    case VK_NEXT:
      return "\x1b[6~";
    default:
      return "";
  }
}

std::string narrow(const std::wstring& text) {
  std::string bytes(text.size() * 3, '\0');
  const int length = WideCharToMultiByte(CP_UTF8, 0, text.data(), static_cast<int>(text.size()), bytes.data(),
                                         static_cast<int>(bytes.size()), nullptr, nullptr);
  bytes.resize(static_cast<std::size_t>(length));
  return bytes;
}

class ReadKeys final : public Operation {
 public:
  ReadKeys() : Operation("read"), console_(standardHandle(0, syscall)) {}

  // The console is also signalled for what is no key: a released key, the mouse, a new size.
  bool attempt(napi_env) override {
    DWORD waiting = 0;
    if (!GetNumberOfConsoleInputEvents(console_, &waiting)) throw lastWin32(syscall);
    if (waiting > 0) read();
    if (!bytes_.empty()) return true;
    wait = {console_, never};
    return false;
  }

  napi_value result(napi_env env) override { return toBytes(env, bytes_.data(), bytes_.size()); }

 private:
  void read() {
    INPUT_RECORD records[most];
    DWORD count = 0;
    if (!ReadConsoleInputW(console_, records, most, &count)) throw lastWin32(syscall);
    std::wstring text;
    for (DWORD i = 0; i < count; ++i) {
      const KEY_EVENT_RECORD& key = records[i].Event.KeyEvent;
      if (records[i].EventType != KEY_EVENT || !key.bKeyDown) continue;
      if (key.uChar.UnicodeChar != 0) {
        text += key.uChar.UnicodeChar;
        continue;
      }
      for (const char* at = sequenceOf(key.wVirtualKeyCode); *at != '\0'; ++at) text += static_cast<wchar_t>(*at);
    }
    if (!text.empty()) bytes_ = narrow(text);
  }

  const HANDLE console_;
  std::string bytes_;
};

}  // namespace

void makeTerminalRaw(const char* function) {
  const std::lock_guard lock(mutex);
  const HANDLE console = standardHandle(0, function);
  DWORD now = 0;
  if (!GetConsoleMode(console, &now)) throw lastWin32(function);
  if (!before) before = now;
  constexpr DWORD lines = ENABLE_LINE_INPUT | ENABLE_ECHO_INPUT | ENABLE_PROCESSED_INPUT;
  if (!SetConsoleMode(console, now & ~lines)) throw lastWin32(function);
}

void restoreTerminal() noexcept {
  const std::lock_guard lock(mutex);
  if (before) SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), *before);
  before.reset();
}

std::shared_ptr<Operation> readingKeys() { return std::make_shared<ReadKeys>(); }

}  // namespace hvsock
