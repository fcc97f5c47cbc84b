#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include "event.h"
#include "failure_win32.h"

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

}  // namespace hvsock
