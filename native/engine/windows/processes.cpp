#include <winsock2.h>
// needs winsock2.h from above
#include "processes.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "../natives/of_system.h"
#include "handles.h"

namespace engine {
namespace {

std::map<int, HANDLE>& table() {
  static std::map<int, HANDLE> running;
  return running;
}

// What is in it ends when its last handle is closed, which is when this process ends, however that comes about. What those
// start in turn is not in it.
HANDLE ownJob() {
  static const HANDLE job = [] {
    const HANDLE made = CreateJobObjectW(nullptr, nullptr);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits{};
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK |
                                              JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION |
                                              JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(made, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return made;
  }();
  return job;
}

// Copies of handles that a child inherits, and nobody else that is started meanwhile: it gets this list alone.
class Inherited {
 public:
  explicit Inherited(const std::vector<HANDLE>& handles) {
    for (const HANDLE handle : handles) copies_.push_back(copyOf(handle));
    for (const HANDLE copy : copies_) {
      if (copy != nullptr) list_.push_back(copy);
    }
    SIZE_T size = 0;
    InitializeProcThreadAttributeList(nullptr, 1, 0, &size);
    storage_.resize(size);
    if (!InitializeProcThreadAttributeList(attributes(), 1, 0, &size)) throw lastFailure("spawn");
    constexpr DWORD_PTR handleList = PROC_THREAD_ATTRIBUTE_HANDLE_LIST;
    if (list_.empty()) return;
    const SIZE_T length = list_.size() * sizeof(HANDLE);
    if (!UpdateProcThreadAttribute(attributes(), 0, handleList, list_.data(), length, nullptr, nullptr)) {
      throw lastFailure("spawn");
    }
  }
  ~Inherited() {
    DeleteProcThreadAttributeList(attributes());
    for (const HANDLE copy : list_) CloseHandle(copy);
  }
  Inherited(const Inherited&) = delete;
  Inherited& operator=(const Inherited&) = delete;

  LPPROC_THREAD_ATTRIBUTE_LIST attributes() { return reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(storage_.data()); }
  bool any() const { return !list_.empty(); }
  HANDLE at(std::size_t index) const { return index < copies_.size() ? copies_[index] : nullptr; }

 private:
  // Null where there is none: a process may have no stdin.
  static HANDLE copyOf(HANDLE handle) {
    HANDLE copy = nullptr;
    const HANDLE self = GetCurrentProcess();
    if (handle == nullptr) return nullptr;
    return DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS) ? copy : nullptr;
  }

  std::vector<char> storage_;
  std::vector<HANDLE> copies_;
  std::vector<HANDLE> list_;
};

// What CreateProcess is asked for.
struct NewProcess {
  std::wstring program;  // its path
  std::wstring commandLine;
  std::wstring environment;  // a block
  std::wstring folder;       // "": ours
  std::vector<HANDLE> streams;  // stdin, stdout and stderr, as far as there are some
  bool detached;
  bool hidden;
};

// Starts it; it ends with this process, unless it is detached. Its pid stays its own until its exit code was taken. Throws.
int startProcess(const NewProcess& process) {
  Inherited inherited(process.streams);
  STARTUPINFOEXW startup{};
  startup.StartupInfo.cb = sizeof startup;
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES | (process.hidden ? STARTF_USESHOWWINDOW : 0u);
  startup.StartupInfo.wShowWindow = SW_HIDE;
  startup.StartupInfo.hStdInput = inherited.at(0);
  startup.StartupInfo.hStdOutput = inherited.at(1);
  startup.StartupInfo.hStdError = inherited.at(2);
  startup.lpAttributeList = inherited.attributes();
  const DWORD flags = CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED |
                      (process.detached ? DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP : 0u) |
                      (process.hidden && !process.detached ? CREATE_NO_WINDOW : 0u);
  std::wstring line = process.commandLine;
  std::wstring environment = process.environment;
  PROCESS_INFORMATION made{};
  if (!CreateProcessW(process.program.c_str(), line.data(), nullptr, nullptr, inherited.any(), flags,
                      environment.data(), process.folder.empty() ? nullptr : process.folder.c_str(),
                      &startup.StartupInfo, &made)) {
    throw lastFailure("spawn");
  }
  // Where we are in a job that allows no other, it goes on without: as libuv has it.
  if (!process.detached) AssignProcessToJobObject(ownJob(), made.hProcess);
  ResumeThread(made.hThread);
  CloseHandle(made.hThread);
  const auto pid = static_cast<int>(made.dwProcessId);
  table().insert_or_assign(pid, made.hProcess);
  return pid;
}

}  // namespace

HANDLE processHandle(int pid) {
  const auto found = table().find(pid);
  return found == table().end() ? nullptr : found->second;
}

std::optional<std::int64_t> exitCodeOf(int pid, DWORD milliseconds) {
  const HANDLE handle = processHandle(pid);
  DWORD code = 0;
  if (handle == nullptr) throw SystemFailure{ERROR_NOT_FOUND, "wait"};
  if (WaitForSingleObject(handle, milliseconds) != WAIT_OBJECT_0) return std::nullopt;
  GetExitCodeProcess(handle, &code);
  CloseHandle(handle);
  table().erase(pid);
  return code;
}

namespace processes {
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

}  // namespace processes
}  // namespace engine
