#include "inherited_linux.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <vector>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

namespace engine {
namespace {

// From 3, without the flag that all of ours have.
std::vector<int> leftOpen() {
  std::array<pollfd, 1024 - 3> all{};
  int fd = 3;
  for (pollfd& each : all) each.fd = fd++;
  // One call instead of a thousand says which are open. It fails if fewer may be open: then each is looked at.
  const bool told = poll(all.data(), all.size(), 0) >= 0;
  std::vector<int> found;
  for (const pollfd& each : all) {
    if (told && (each.revents & POLLNVAL) != 0) continue;
    const int flags = fcntl(each.fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(each.fd);
  }
  return found;
}

}  // namespace

void giveLeftOpen(bool inOurPlace) {
  static const std::vector<int> given = leftOpen();
  if (!inOurPlace) syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);  // From Linux 5.11: what is above, too.
  for (const int fd : given) fcntl(fd, F_SETFD, inOurPlace ? 0 : FD_CLOEXEC);
}

}  // namespace engine
