#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <vector>

#include "core/program.h"
#include "image/image.h"
#include "memory/memory.h"
#include "relay/relay_process.h"

namespace {

// A file that is opened later must not be taken for stdin, stdout or stderr. What is written to a closed stdout is lost: that fails.
void openStandardDescriptors() {
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) static_cast<void>(open("/dev/null", descriptor == 1 ? O_RDONLY : O_RDWR));
  }
}

// Of a file; fewer if it cannot be read.
std::vector<std::uint8_t> bytesOf(const char* path) {
  std::vector<std::uint8_t> bytes;
  std::FILE* const file = std::fopen(path, "rb");
  if (file == nullptr) return bytes;
  for (int byte = std::getc(file); byte != EOF; byte = std::getc(file)) bytes.push_back(static_cast<std::uint8_t>(byte));
  std::fclose(file);
  return bytes;
}

std::terminate_handler otherwise = nullptr;

// Where memory is too short for an exception, the runtime ends the process without one.
[[noreturn]] void sayWhatIsMissing() {
  try {
    if (const std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
  } catch (...) {
    otherwise();
  }
  engine::sayNoMemory();
  _exit(1);
}

// What the build calls: PROGRAM FILE ADDRESS CODE, the bytecode of the first chunk.
int makeImage(int count, char** words) {
  if (count < 4 || !engine::collectMemory(std::strtoul(words[2], nullptr, 16))) return 1;
  return engine::Program({count, words, 0}).writeImage(words[1], bytesOf(words[3]));
}

}  // namespace

int main(int count, char** words) {
  if (count > 0 && words[0] == std::string_view(hvsock::relayProcessName)) return hvsock::relayProcess(count, words);
  const double ms = engine::monotonicMs();
  otherwise = std::set_terminate(sayWhatIsMissing);
  openStandardDescriptors();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGCHLD, SIG_DFL);  // ignored, as some parents leave it, no child could be waited for
  if (engine::lacksImage()) return makeImage(count, words);
  engine::Program program({count, words, ms});
  program.end(program.run());
}
