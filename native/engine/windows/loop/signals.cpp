#include "../../loop/signals.h"

#include <windows.h>

#include <atomic>
#include <memory>

#include "../../../src/system/threads.h"
#include "../../../src/system/failure.h"

namespace engine {
namespace {

struct Signal {
  DWORD control;
  int number;
  std::atomic<bool> isCaught{false};
  std::atomic<bool> came{false};
};

Signal table[] = {{CTRL_C_EVENT, 2}, {CTRL_BREAK_EVENT, 21}, {CTRL_CLOSE_EVENT, 1}};

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

void* signalEvent() { return event ? event->handle() : nullptr; }

}  // namespace engine
