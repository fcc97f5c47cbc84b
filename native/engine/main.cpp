#include <fcntl.h>
#include <malloc.h>

#include <csignal>
#include <string_view>

#include "core/program.h"
#include "relay/relay_process.h"

namespace {

// By how many bytes the heap grows: a proxy needs 1 MB of it, which is 8 calls by default.
constexpr int heapStep = 1 << 20;

// A file that is opened later must not be taken for stdin, stdout or stderr.
void openStandardDescriptors() {
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDWR));
  }
}

}  // namespace

int main(int count, char** words) {
  if (count > 0 && words[0] == std::string_view(hvsock::relayProcessName)) return hvsock::relayProcess(count, words);
  const double ms = engine::monotonicMs();
  mallopt(M_TOP_PAD, heapStep);
  mallopt(M_ARENA_MAX, 1);  // a heap for each thread is set up for no gain: they wait for each other
  openStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);  // ignored, as some parents leave it, no child could be waited for
  engine::Program program({count, words, ms});
  program.end(program.run());
}
