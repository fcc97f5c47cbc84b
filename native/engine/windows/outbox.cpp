#include <algorithm>

#include "../../src/stdio/stdio_win32.h"
#include "../core/call.h"
#include "handles.h"

namespace engine {
namespace {

// Bytes that it holds.
constexpr std::size_t capacity = 64 * 1024;

struct Closed {
  HANDLE handle;
  std::unique_ptr<Outbox> outbox;
};

std::vector<Closed> closed;

}  // namespace

Outbox::Outbox(HANDLE handle) : channel_(hvsock::openChannel(handle)) {}

Outbox::~Outbox() {
  if (!writing_ || channel_->cancel()) return;
  // The system may still read from there: it is left to the process's end.
  bytes_.release();
  channel_.release();
}

bool Outbox::advance() {
  while (error_ == 0 && sent_ < bytes_->size()) {
    if (!writing_) channel_->beginWrite(bytes_->data() + sent_, bytes_->size() - sent_);
    writing_ = true;
    const hvsock::Outcome outcome = channel_->outcome();
    if (outcome.kind == hvsock::Outcome::Kind::pending) return false;
    writing_ = false;
    if (outcome.kind == hvsock::Outcome::Kind::failed) error_ = outcome.error;
    sent_ += outcome.length;
  }
  return true;
}

std::size_t Outbox::take(const std::uint8_t* bytes, std::size_t length) {
  if (!advance()) throw SystemFailure{WSAEWOULDBLOCK, "write"};
  if (error_ != 0) throw SystemFailure{error_, "write"};
  const std::size_t taken = std::min(length, capacity);
  bytes_->assign(bytes, bytes + taken);
  sent_ = 0;
  advance();
  return taken;
}

void linger(HANDLE handle, std::unique_ptr<Outbox> outbox) { closed.push_back({handle, std::move(outbox)}); }

std::vector<HANDLE> lingering() {
  const auto isDone = [](Closed& each) {
    if (!each.outbox->advance()) return false;
    each.outbox.reset();
    CloseHandle(each.handle);
    return true;
  };
  closed.erase(std::remove_if(closed.begin(), closed.end(), isDone), closed.end());
  std::vector<HANDLE> events;
  for (const Closed& each : closed) events.push_back(each.outbox->event());
  return events;
}

}  // namespace engine
