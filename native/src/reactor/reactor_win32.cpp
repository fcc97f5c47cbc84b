#include <winsock2.h>
// needs winsock2.h from above
#include <windows.h>

#include <atomic>

#include "../system/failure.h"
#include "reactor.h"

namespace hvsock {

// One wait in the system's pool. The operation that waits keeps the socket open.
struct Reactor::Entry {
  Entry(std::shared_ptr<Mailbox> mailbox, std::uint64_t id, const Wait& wait)
      : mailbox(std::move(mailbox)), id(id) {
    const HANDLE event = wait.event != nullptr ? wait.event : nothing.handle();
    const auto timeout = static_cast<DWORD>(millisecondsUntil(wait.until));  // -1 is INFINITE
    if (!RegisterWaitForSingleObject(&registration, event, woken, this, timeout, WT_EXECUTEONLYONCE)) {
      throw lastWin32("RegisterWaitForSingleObject");
    }
  }
  // Waits for a running `woken` to end.
  ~Entry() { UnregisterWaitEx(registration, INVALID_HANDLE_VALUE); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  static void CALLBACK woken(void* data, BOOLEAN) {
    auto* entry = static_cast<Entry*>(data);
    entry->over = true;
    entry->mailbox->post(entry->id);
  }

  const std::shared_ptr<Mailbox> mailbox;
  const std::uint64_t id;
  Event nothing;  // never set: to wait only for the clock
  std::atomic<bool> over{false};
  HANDLE registration = nullptr;
};

Reactor::Reactor(std::shared_ptr<Mailbox> mailbox) : mailbox_(std::move(mailbox)) {}

Reactor::~Reactor() = default;

void Reactor::add(std::uint64_t id, Wait wait, std::shared_ptr<Socket>) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    entry = entry->second->over ? entries_.erase(entry) : std::next(entry);
  }
  entries_[id] = std::make_unique<Entry>(mailbox_, id, wait);
}

void Reactor::remove(std::uint64_t id) { entries_.erase(id); }

}  // namespace hvsock
