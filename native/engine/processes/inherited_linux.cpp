#include "inherited_linux.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
  std::vector<int> found;
  for (int fd = 3; fd < 1024; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(fd);
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
