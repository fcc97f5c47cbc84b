#include "../processes/processes.h"

#include <algorithm>
#include <cmath>

#include "../../natives/modules.h"
#include "../processes/command_line.h"
#include "../handles/handles.h"
#include "../core/text.h"

namespace engine {
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

// spawn(program, words, environment, descriptors, folder or undefined, whether detached, whether without a window): the pid.
JSValue spawn(Call& call) {
  const std::vector<std::string> variables = call.words(2);
  const std::vector<int> descriptors = call.integers(3);
  if (descriptors.size() > streams) throw SystemFailure{ERROR_NOT_SUPPORTED, "spawn"};
  std::vector<HANDLE> handles;
  for (const int descriptor : descriptors) handles.push_back(streamOf(descriptor));
  const int pid = startProcess({
      findProgram(call.word(0), variables),
      commandLine(call.words(1)),
      environmentBlock(variables),
      call.has(4) ? wide(call.word(4)) : L"",
      handles,
      call.flag(5),
      call.flag(6),
  });
  return JS_NewInt32(call.js, pid);
}

// Windows has no signals: those that end a process do so at once, 0 asks whether it is there, and there are no others.
JSValue kill(Call& call) {
  const int pid = call.integer(0);
  const int signal = call.integer(1);
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
  return JS_UNDEFINED;
}

// So many milliseconds, or without end below 0.
DWORD timeoutOf(double ms) { return ms < 0 ? INFINITE : static_cast<DWORD>(std::min(std::ceil(ms), 2147483647.0)); }

// wait(pid, ms): a child's exit code; undefined if it still runs.
JSValue wait(Call& call) {
  const auto code = exitCodeOf(call.integer(0), timeoutOf(call.number(1)));
  return code ? JS_NewInt64(call.js, *code) : JS_UNDEFINED;
}

// awaitReadable(descriptors, ms): those that can be read from by then.
JSValue awaitReadable(Call& call) {
  const std::vector<int> descriptors = call.integers(0);
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
    if (WaitForMultipleObjects(count, events.data(), FALSE, timeoutOf(call.number(1))) == WAIT_FAILED) {
      throw lastFailure("WaitForMultipleObjects");
    }
    look();
  }
  Value readable(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  for (const int each : ready) append(call.js, readable.get(), index++, JS_NewInt32(call.js, each));
  return readable.release();
}

constexpr Native functions[] = {
    {"spawn", native<spawn>},
    {"kill", native<kill>},
    {"wait", native<wait>},
    {"awaitReadable", native<awaitReadable>},
};

}  // namespace

const NativeModule processesModule = nativeModule("engine:processes", functions);

}  // namespace engine
