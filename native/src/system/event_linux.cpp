#include <poll.h>
#include <sys/eventfd.h>

#include <cstdint>

#include "clock.h"
#include "event.h"
#include "failure.h"

namespace hvsock {

Event::Event() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_.get() < 0) throw Failure::last("eventfd");
}

void Event::set() noexcept {
  const std::uint64_t one = 1;
  // EAGAIN is the only possible failure: then it is already set.
  while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void Event::clear() noexcept {
  std::uint64_t count = 0;
  while (::read(fd_.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
}

bool Event::wait(int milliseconds) const noexcept {
  const auto until = after(milliseconds);
  pollfd set{fd_.get(), POLLIN, 0};
  int found;
  do {
    found = poll(&set, 1, millisecondsUntil(until));
  } while (found < 0 && errno == EINTR);
  return found > 0;
}

}  // namespace hvsock
