#include <algorithm>
#include <atomic>
#include <memory>

#include "../../src/system/threads.h"
#include "../core/call.h"
#include "../core/program.h"
#include "../loop/loop.h"
#include "../napi/environment.h"
#include "handles.h"
#include "processes.h"

namespace engine {
namespace {

constexpr int pollIn = 1;
constexpr int pollOut = 4;

// Milliseconds between two looks at all of them, where the system cannot wait for that many at once.
constexpr DWORD pause = 10;

// What can be done with a descriptor now; else the event that tells of it.
int readyFor(int descriptor, int events, std::vector<HANDLE>& waits) {
  Opened* opened = openedWithoutBlocking(descriptor);
  if (opened == nullptr) return events;  // a read or write of it fails, or waits
  int ready = 0;
  if ((events & pollIn) != 0) {
    if (canBeRead(*opened)) {
      ready |= pollIn;
    } else {
      waits.push_back(opened->received->event());
    }
  }
  if ((events & pollOut) != 0) {
    if (opened->sent->advance()) {
      ready |= pollOut;
    } else {
      waits.push_back(opened->sent->event());
    }
  }
  return ready;
}

void waitForAny(const std::vector<HANDLE>& waits, DWORD timeout) {
  const auto count = static_cast<DWORD>(std::min<std::size_t>(waits.size(), MAXIMUM_WAIT_OBJECTS));
  if (waits.size() > count) timeout = std::min(timeout, pause);
  if (count == 0) {
    Sleep(timeout);
  } else if (WaitForMultipleObjects(count, waits.data(), FALSE, timeout) == WAIT_FAILED) {
    throw lastFailure("WaitForMultipleObjects");
  }
}

double msOf(const FILETIME& time) {
  return static_cast<double>(std::uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime) / 1e4;
}

struct Signal {
  DWORD control;
  int number;
  std::atomic<bool> isCaught{false};
  std::atomic<bool> came{false};
};

Signal table[] = {{CTRL_C_EVENT, 2}, {CTRL_BREAK_EVENT, 21}, {CTRL_CLOSE_EVENT, 1}};

// Is set while there are some; null if none was ever waited for.
std::unique_ptr<hvsock::Event> event;

// Runs on a thread that the system makes for it. FALSE: the process ends.
BOOL WINAPI handle(DWORD control) {
  for (Signal& each : table) {
    if (each.control != control || !each.isCaught) continue;
    each.came = true;
    event->set();
    // Back from here, the process of a closed window ends at once; the system gives it five seconds.
    if (control == CTRL_CLOSE_EVENT) Sleep(INFINITE);
    return TRUE;
  }
  return FALSE;
}

}  // namespace

double monotonicMs() {
  static const double perMs = [] {
    LARGE_INTEGER frequency;
    QueryPerformanceFrequency(&frequency);
    return static_cast<double>(frequency.QuadPart) / 1e3;
  }();
  LARGE_INTEGER count;
  QueryPerformanceCounter(&count);
  return static_cast<double>(count.QuadPart) / perMs;
}

double processorMs() {
  FILETIME made, ended, kernel, user;
  GetThreadTimes(GetCurrentThread(), &made, &ended, &kernel, &user);
  return msOf(kernel) + msOf(user);
}

std::optional<std::int64_t> takeExitCode(int pid) { return exitCodeOf(pid, 0); }

void Loop::poll() {
  std::vector<HANDLE> waits = lingering();
  bool ready = false;
  for (const auto& [id, watch] : watches_) ready |= readyFor(watch.descriptor, watch.events, waits) != 0;
  const auto events = napiEvents();
  for (const hvsock::Event* event : events) waits.push_back(event->handle());
  for (const auto& [id, child] : children_) waits.push_back(processHandle(child.pid));
  if (event) waits.push_back(event->handle());
  // Nothing is left if an earlier callback removed the last one.
  const int timeout = ready || !isAlive() ? 0 : pollTimeout();
  waitForAny(waits, static_cast<DWORD>(timeout));  // -1 is INFINITE
  deliverSignals();
  reapChildren();
  std::vector<int> ids;
  for (const auto& [id, watch] : watches_) ids.push_back(id);
  for (const int id : ids) {
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;  // an earlier callback removed it
    std::vector<HANDLE> unused;
    deliver(id, readyFor(found->second.descriptor, found->second.events, unused));
  }
  for (const hvsock::Event* event : events) {
    if (event->wait(0)) deliver(event);
  }
}

int Loop::onExit(int pid, Value callback) {
  children_.emplace(++lastId_, Child{pid, std::move(callback)});
  return lastId_;
}

void catchSignal(int signal, bool caught) {
  if (!event) {
    event = std::make_unique<hvsock::Event>();
    SetConsoleCtrlHandler(handle, TRUE);
  }
  for (Signal& each : table) {
    if (each.number == signal) each.isCaught = caught;
  }
}

std::vector<int> caughtSignals() {
  std::vector<int> numbers;
  if (!event) return numbers;
  event->clear();
  for (Signal& each : table) {
    if (each.came.exchange(false)) numbers.push_back(each.number);
  }
  return numbers;
}

}  // namespace engine
