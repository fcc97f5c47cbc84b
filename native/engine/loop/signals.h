#pragma once

#include <vector>

namespace engine {

// Whether a signal is noted for `caughtSignals`, or has its previous action. On Windows, signals are what libuv makes of a
// console's events: SIGINT (Ctrl+C), SIGBREAK (Ctrl+Break), SIGHUP (the window is closed).
void catchSignal(int signal, bool caught);

// Those that came since it was asked last.
std::vector<int> caughtSignals();

#if defined(_WIN32)
// A HANDLE that is set while there are some; null if none was ever waited for.
void* signalEvent();
#else
// Can be read from while there are some; below 0 if none was ever waited for.
int signalDescriptor();
// As if it had come.
void noteSignal(int number);
#endif

}  // namespace engine
