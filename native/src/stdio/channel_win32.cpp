#include <winternl.h>

#include <algorithm>
#include <atomic>

#include "../system/failure.h"
#include "stdio_win32.h"
#include "../system/threads.h"

namespace hvsock {
namespace {

constexpr auto modeInformation = static_cast<FILE_INFORMATION_CLASS>(16);
constexpr ULONG synchronousAlert = 0x10;
constexpr ULONG synchronousNonAlert = 0x20;

constexpr int cancelPatience = 1000;          // milliseconds
constexpr int blockedPatience = 50;           // milliseconds, for a thread that cannot be woken
constexpr std::size_t consoleChunk = 8 * 1024;  // a console accepts no more at once
constexpr std::size_t longestWrite = 256 * 1024;

bool isSynchronous(HANDLE handle) {
  IO_STATUS_BLOCK status{};
  ULONG mode = 0;
  if (NtQueryInformationFile(handle, &status, &mode, sizeof mode, modeInformation) < 0) return true;
  return (mode & (synchronousAlert | synchronousNonAlert)) != 0;
}

Outcome read(bool pipe, std::size_t length) {
  // A writer may write zero bytes to a pipe; that is not its end.
  if (length == 0 && !pipe) return {Outcome::Kind::ended};
  return {Outcome::Kind::moved, length};
}

Outcome failed(bool reads, DWORD error) {
  const bool end = error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF || error == ERROR_PIPE_NOT_CONNECTED;
  if (reads && end) return {Outcome::Kind::ended};
  return {Outcome::Kind::failed, 0, static_cast<int>(error)};
}

// A pipe as Win32-OpenSSH opens it.
class OverlappedChannel final : public Channel {
 public:
  explicit OverlappedChannel(HANDLE handle) : handle_(handle), pipe_(isPipe(handle)) {}

  void beginRead(char* to, std::size_t most) override {
    reads_ = true;
    begun(ReadFile(handle_, to, static_cast<DWORD>(most), nullptr, &fresh()));
  }

  void beginWrite(const char* from, std::size_t length) override {
    reads_ = false;
    begun(WriteFile(handle_, from, static_cast<DWORD>(std::min(length, longestWrite)), nullptr, &fresh()));
  }

  Outcome outcome() override {
    if (!underWay_) return failed(reads_, error_);
    DWORD length = 0;
    if (!GetOverlappedResult(handle_, &overlapped_, &length, FALSE)) {
      const DWORD error = GetLastError();
      if (error == ERROR_IO_INCOMPLETE) return {Outcome::Kind::pending};
      underWay_ = false;
      error_ = error;
      return failed(reads_, error);
    }
    underWay_ = false;
    offset_ += length;
    return reads_ ? read(pipe_, length) : Outcome{Outcome::Kind::moved, length};
  }

  HANDLE event() const override { return done_.handle(); }

  bool cancel() noexcept override {
    if (!underWay_) return true;
    CancelIoEx(handle_, &overlapped_);
    return done_.wait(cancelPatience);
  }

 private:
  OVERLAPPED& fresh() {
    overlapped_ = {};
    overlapped_.Offset = static_cast<DWORD>(offset_);  // of a file; a pipe ignores it
    overlapped_.OffsetHigh = static_cast<DWORD>(offset_ >> 32);
    overlapped_.hEvent = done_.handle();
    return overlapped_;
  }

  void begun(BOOL result) {
    const DWORD error = result ? ERROR_SUCCESS : GetLastError();
    underWay_ = error == ERROR_SUCCESS || error == ERROR_IO_PENDING;
    error_ = underWay_ ? ERROR_SUCCESS : error;
    if (!underWay_) done_.set();
  }

  const HANDLE handle_;
  const bool pipe_;
  Event done_;
  OVERLAPPED overlapped_{};
  std::uint64_t offset_ = 0;
  bool reads_ = false;
  bool underWay_ = false;
  DWORD error_ = ERROR_SUCCESS;
};

// A file, a console, or a pipe that was not opened for overlapped calls: each blocks the thread that it is made on.
class BlockingChannel final : public Channel {
 public:
  explicit BlockingChannel(HANDLE handle) : state_(std::make_shared<State>(handle)) {
    Thread::detached([state = state_] { state->run(); });
  }
  ~BlockingChannel() override {
    state_->stopping = true;
    state_->go.set();
  }

  void beginRead(char* to, std::size_t most) override { begin(true, to, most); }

  void beginWrite(const char* from, std::size_t length) override {
    const std::size_t chunk = state_->type == FILE_TYPE_CHAR ? consoleChunk : longestWrite;
    begin(false, const_cast<char*>(from), std::min(length, chunk));
  }

  Outcome outcome() override {
    if (!state_->done.wait(0)) return {Outcome::Kind::pending};
    if (state_->error != ERROR_SUCCESS) return failed(state_->reads, state_->error);
    if (!state_->reads) return {Outcome::Kind::moved, state_->moved};
    return read(state_->type == FILE_TYPE_PIPE, state_->moved);
  }

  HANDLE event() const override { return state_->done.handle(); }

  bool cancel() noexcept override {
    CancelIoEx(state_->handle, nullptr);
    return state_->done.wait(blockedPatience);
  }

 private:
  struct State {
    explicit State(HANDLE handle) : handle(handle), type(GetFileType(handle)) {}

    void run() {
      for (;;) {
        go.wait(-1);
        go.clear();
        if (stopping) return;
        const BOOL result = reads ? ReadFile(handle, place, length, &moved, nullptr)
                                  : WriteFile(handle, place, length, &moved, nullptr);
        error = result ? ERROR_SUCCESS : GetLastError();
        done.set();
      }
    }

    const HANDLE handle;
    const DWORD type;
    Event go;
    Event done;
    std::atomic<bool> stopping{false};
    bool reads = false;
    char* place = nullptr;
    DWORD length = 0;
    DWORD moved = 0;
    DWORD error = ERROR_SUCCESS;
  };

  void begin(bool reads, char* place, std::size_t length) {
    state_->reads = reads;
    state_->place = place;
    state_->length = static_cast<DWORD>(length);
    state_->done.clear();
    state_->go.set();
  }

  const std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Channel> openChannel(HANDLE handle) {
  if (isSynchronous(handle)) return std::make_unique<BlockingChannel>(handle);
  return std::make_unique<OverlappedChannel>(handle);
}

}  // namespace hvsock
