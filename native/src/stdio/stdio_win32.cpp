#include "stdio_win32.h"

#include <winternl.h>

#include <mutex>
#include <optional>
#include <string>

#include "../js/js.h"
#include "../operations/operations.h"
#include "../system/failure.h"
#include "../system/text_win32.h"

namespace hvsock {
namespace {

// https://learn.microsoft.com/en-us/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_pipe_local_information
struct PipeLocalInformation {
  ULONG type, configuration, maximumInstances, currentInstances, inboundQuota, readDataAvailable, outboundQuota,
      writeQuotaAvailable, state, end;
};
constexpr auto pipeLocalInformation = static_cast<FILE_INFORMATION_CLASS>(24);
constexpr ULONG closingState = 4;

}  // namespace

bool isPipe(HANDLE handle) { return GetFileType(handle) == FILE_TYPE_PIPE; }

HANDLE standardHandle(int descriptor, const char* syscall) {
  constexpr DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  const HANDLE handle = descriptor < 3 ? GetStdHandle(names[descriptor]) : nullptr;
  if (handle == nullptr || handle == INVALID_HANDLE_VALUE) {
    const char* why = descriptor < 3 ? " is not open" : " is not one of 0, 1 and 2";
    throw Failure{EBADF, syscall, "descriptor " + std::to_string(descriptor) + why};
  }
  return handle;
}

bool otherEndClosed(HANDLE handle) {
  if (!isPipe(handle)) return false;
  IO_STATUS_BLOCK status{};
  PipeLocalInformation pipe{};
  if (NtQueryInformationFile(handle, &status, &pipe, sizeof pipe, pipeLocalInformation) < 0) return false;
  return pipe.state == closingState;
}

void endOutput(HANDLE handle) {
  // One handle may be used by several descriptors: closing it signals an end only on a pipe, and only by its last owner.
  if (!isPipe(handle) || handle == GetStdHandle(STD_ERROR_HANDLE) || handle == GetStdHandle(STD_INPUT_HANDLE)) return;
  if (handle == GetStdHandle(STD_OUTPUT_HANDLE)) SetStdHandle(STD_OUTPUT_HANDLE, nullptr);
  CloseHandle(handle);
}

namespace {

constexpr double pause = 50;  // milliseconds; Windows has no event for a pipe whose other end was closed

class WatchHangup final : public Operation {
 public:
  explicit WatchHangup(const std::vector<int>& descriptors) : Operation("poll"), descriptors_(descriptors) {}

  bool attempt(napi_env) override {
    // Once: a relay may close what is watched.
    if (handles_.empty()) {
      for (const int descriptor : descriptors_) handles_.push_back(standardHandle(descriptor, syscall));
    }
    for (const HANDLE handle : handles_) {
      if (otherEndClosed(handle)) return true;
    }
    wait = {nullptr, after(pause)};
    return false;
  }

  napi_value result(napi_env env) override { return undefined(env); }
  bool keepsAlive() const override { return false; }

 private:
  const std::vector<int> descriptors_;
  std::vector<HANDLE> handles_;
};

}  // namespace

std::shared_ptr<Operation> watchingHangup(const std::vector<int>& descriptors) {
  return std::make_shared<WatchHangup>(descriptors);
}

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
