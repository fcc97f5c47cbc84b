#pragma once

#include <windows.h>

#include <vector>

namespace engine {

// Signals, as libuv makes them of what a console says: SIGINT (Ctrl+C), SIGBREAK (Ctrl+Break), SIGHUP (the window is closed).
void catchSignal(int signal, bool caught);

// Those that came since it was asked last.
std::vector<int> caughtSignals();

// Set while there are some; null where none was ever waited for.
HANDLE signalEvent();

}  // namespace engine
