#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <memory>

#include "failure.h"
#include "threads.h"

namespace hvsock {

Event::Event() : handle_(CreateEventW(nullptr, TRUE, FALSE, nullptr)) {
  if (handle_ == nullptr) throw lastWin32("CreateEvent");
}

Event::~Event() { CloseHandle(handle_); }

void Event::set() noexcept { SetEvent(handle_); }

void Event::clear() noexcept { ResetEvent(handle_); }

bool Event::wait(int milliseconds) const noexcept {
  return WaitForSingleObject(handle_, static_cast<DWORD>(milliseconds)) == WAIT_OBJECT_0;
}

namespace {

DWORD WINAPI call(void* data) {
  std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(data));
  (*body)();
  return 0;
}

// The addon stays loaded from then on: a worker's end unloads its addons, but a thread may still be running.
void pin() {
  HMODULE self = nullptr;
  constexpr DWORD flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
  GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(&call), &self);
}

HANDLE start(std::function<void()> body) {
  pin();
  auto data = std::make_unique<std::function<void()>>(std::move(body));
  const HANDLE thread = CreateThread(nullptr, 0, call, data.get(), 0, nullptr);
  if (thread == nullptr) throw lastWin32("CreateThread");
  data.release();
  return thread;
}

}  // namespace

Thread::Thread(std::function<void()> body) : thread_(reinterpret_cast<std::uintptr_t>(start(std::move(body)))) {}

Thread::~Thread() {
  const auto thread = reinterpret_cast<HANDLE>(thread_);
  WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
}

void Thread::detached(std::function<void()> body) { CloseHandle(start(std::move(body))); }

}  // namespace hvsock
