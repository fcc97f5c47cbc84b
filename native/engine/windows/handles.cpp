#include "handles.h"

#include <algorithm>
#include <map>

#include "../../src/stdio/stdio_win32.h"
#include "../core/call.h"

namespace engine {
namespace {

constexpr int firstOwn = 3;

std::map<int, Opened>& table() {
  static std::map<int, Opened> opened;
  return opened;
}

Opened& opened(int descriptor, const char* call) {
  const auto found = table().find(descriptor);
  if (found == table().end()) throw SystemFailure{ERROR_INVALID_HANDLE, call};
  return found->second;
}

HANDLE standard(int descriptor) {
  constexpr DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  const HANDLE handle = GetStdHandle(names[descriptor]);
  return handle == nullptr ? INVALID_HANDLE_VALUE : handle;
}

// An overlapped call that is waited for: a pipe of Win32-OpenSSH takes no other. A pipe has no position.
class PipeCall {
 public:
  OVERLAPPED* get() { return &overlapped_; }
  std::size_t finish(HANDLE handle, BOOL begun) {
    DWORD length = 0;
    const bool underWay = begun || GetLastError() == ERROR_IO_PENDING;
    if (!underWay || !GetOverlappedResult(handle, &overlapped_, &length, TRUE)) failed_ = GetLastError();
    return length;
  }
  DWORD failure() const { return failed_; }

 private:
  hvsock::Event done_;
  OVERLAPPED overlapped_{0, 0, {{0, 0}}, done_.handle()};
  DWORD failed_ = ERROR_SUCCESS;
};

}  // namespace

HANDLE handleOf(int descriptor, const char* call) {
  const bool isStandard = descriptor >= 0 && descriptor < firstOwn && table().count(descriptor) == 0;
  const HANDLE handle = isStandard ? standard(descriptor) : opened(descriptor, call).handle;
  if (handle == INVALID_HANDLE_VALUE) throw SystemFailure{ERROR_INVALID_HANDLE, call};
  return handle;
}

Opened* openedWithoutBlocking(int descriptor) {
  const auto found = table().find(descriptor);
  return found == table().end() || !found->second.sent ? nullptr : &found->second;
}

bool canBeRead(Opened& opened) {
  hvsock::Intake& received = *opened.received;
  if (received.size() == 0) received.advance();
  return received.size() > 0 || received.isEnded() || received.error() != 0;
}

int addHandle(HANDLE handle) {
  int descriptor = firstOwn;
  while (table().count(descriptor) > 0) ++descriptor;
  table().emplace(descriptor, Opened{handle});
  return descriptor;
}

void stopBlocking(int descriptor, const char* call) {
  Opened& found = opened(descriptor, call);
  if (found.sent) return;
  found.received = std::make_unique<hvsock::Intake>(hvsock::openChannel(found.handle));
  found.sent = std::make_unique<Outbox>(found.handle);
}

void closeHandle(int descriptor, const char* call) {
  opened(descriptor, call);
  auto taken = table().extract(descriptor);
  Opened& found = taken.mapped();
  found.received.reset();
  if (found.sent && !found.sent->advance()) {
    linger(found.handle, std::move(found.sent));
    return;
  }
  found.sent.reset();
  CloseHandle(found.handle);
}

std::size_t readNow(HANDLE handle, void* to, std::size_t most) {
  const auto ended = [](DWORD error) {
    return error == ERROR_BROKEN_PIPE || error == ERROR_HANDLE_EOF || error == ERROR_PIPE_NOT_CONNECTED;
  };
  DWORD length = 0;
  DWORD error = ERROR_SUCCESS;
  if (hvsock::isPipe(handle)) {
    PipeCall call;
    const BOOL begun = ReadFile(handle, to, static_cast<DWORD>(most), nullptr, call.get());
    length = static_cast<DWORD>(call.finish(handle, begun));
    error = call.failure();
  } else if (!ReadFile(handle, to, static_cast<DWORD>(most), &length, nullptr)) {
    error = GetLastError();
  }
  if (error != ERROR_SUCCESS && !ended(error)) throw SystemFailure{static_cast<int>(error), "read"};
  return length;
}

std::size_t writeNow(HANDLE handle, const void* from, std::size_t length) {
  DWORD written = 0;
  DWORD error = ERROR_SUCCESS;
  if (hvsock::isPipe(handle)) {
    PipeCall call;
    const BOOL begun = WriteFile(handle, from, static_cast<DWORD>(length), nullptr, call.get());
    written = static_cast<DWORD>(call.finish(handle, begun));
    error = call.failure();
  } else if (!WriteFile(handle, from, static_cast<DWORD>(length), &written, nullptr)) {
    error = GetLastError();
  }
  if (error != ERROR_SUCCESS) throw SystemFailure{static_cast<int>(error), "write"};
  return written;
}

}  // namespace engine
