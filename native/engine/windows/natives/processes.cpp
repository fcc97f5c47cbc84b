#include <winsock2.h>
// needs winsock2.h from above
#include "../processes/processes.h"

#include <algorithm>
#include <cmath>

#include "../../natives/of_system.h"
#include "../processes/command_line.h"
#include "../handles/handles.h"
#include "../core/text.h"

namespace engine::processes {
namespace {

constexpr int streams = 3;

constexpr int sigint = 2;
constexpr int sigquit = 3;
constexpr int sigkill = 9;
constexpr int sigterm = 15;

// Null where our own is not there, which the child may share.
HANDLE streamOf(int descriptor) {
  if (descriptor >= streams) return handleOf(descriptor, "spawn");
  try {
    return handleOf(descriptor, "spawn");
  } catch (const SystemFailure&) {
    return nullptr;
  }
}

// So many milliseconds, or without end below 0.
DWORD timeoutOf(double ms) { return ms < 0 ? INFINITE : static_cast<DWORD>(std::min(std::ceil(ms), 2147483647.0)); }

}  // namespace

int spawn(const NewProgram& program) {
  if (program.descriptors.size() > streams) throw SystemFailure{ERROR_NOT_SUPPORTED, "spawn"};
  std::vector<HANDLE> handles;
  for (const int descriptor : program.descriptors) handles.push_back(streamOf(descriptor));
  return startProcess({
      findProgram(program.name, program.environment),
      commandLine(program.words),
      environmentBlock(program.environment),
      program.folder ? wide(*program.folder) : L"",
      handles,
      program.detached,
      program.hidden,
  });
}

// Windows has no signals: those that end a process do so at once, 0 asks whether it is there, and there are no others.
void kill(int pid, int signal) {
  const bool ends = signal == sigint || signal == sigquit || signal == sigkill || signal == sigterm;
  if (!ends && signal != 0) throw SystemFailure{ERROR_CALL_NOT_IMPLEMENTED, "kill"};
  constexpr DWORD rights = PROCESS_TERMINATE | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE;
  const HANDLE own = processHandle(pid);
  const HANDLE handle = own != nullptr ? own : OpenProcess(rights, FALSE, static_cast<DWORD>(pid));
  if (handle == nullptr) {
    const DWORD error = GetLastError();
    const DWORD absent = ERROR_NOT_FOUND;
    throw SystemFailure{static_cast<int>(error == ERROR_INVALID_PARAMETER ? absent : error), "kill"};
  }
  const bool ended = WaitForSingleObject(handle, 0) == WAIT_OBJECT_0;
  const bool failed = !ended && ends && !TerminateProcess(handle, 1);
  const DWORD error = ended ? ERROR_NOT_FOUND : failed ? GetLastError() : ERROR_SUCCESS;
  if (own == nullptr) CloseHandle(handle);
  if (error != ERROR_SUCCESS) throw SystemFailure{static_cast<int>(error), "kill"};
}

std::optional<std::int64_t> wait(int pid, double ms) { return exitCodeOf(pid, timeoutOf(ms)); }

std::vector<int> awaitReadable(const std::vector<int>& descriptors, double ms) {
  std::vector<int> ready;
  std::vector<HANDLE> events;
  const auto look = [&] {
    for (const int descriptor : descriptors) {
      stopBlocking(descriptor, "read");
      Opened* opened = openedWithoutBlocking(descriptor);
      if (canBeRead(*opened)) ready.push_back(descriptor);
      events.push_back(opened->received->event());
    }
  };
  look();
  if (ready.empty()) {
    const auto count = static_cast<DWORD>(events.size());
    if (WaitForMultipleObjects(count, events.data(), FALSE, timeoutOf(ms)) == WAIT_FAILED) {
      throw lastFailure("WaitForMultipleObjects");
    }
    look();
  }
  return ready;
}

}  // namespace engine::processes
