#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "../../src/system/threads.h"
#include "../core/value.h"

namespace engine {

class Program;

// Milliseconds on a clock that nobody sets.
double monotonicMs();
// Milliseconds that this thread had a processor for.
double processorMs();
// A child's exit code, or a signal's number below 0, if it has ended; it is taken by that.
std::optional<std::int64_t> takeExitCode(int pid);

// What JavaScript waits for: times, descriptors, signals, children, and what the addon's threads bring.
class Loop {
 public:
  explicit Loop(Program& program) : program_(program) {}

  // Runs until nothing is left that keeps it alive.
  void run();

  int addTimer(Value callback, double ms, bool repeats);
  int addImmediate(Value callback);
  // `callback` gets the events of poll(2) whenever there are some.
  int watch(int descriptor, int events, Value callback);
  // Removes any of these.
  void remove(int id);
  // Whether it keeps the loop alive.
  void keepAlive(int id, bool alive);

  // `callback` gets the signal's number. Without one, the signal has its previous action again.
  void onSignal(int signal, Value callback);
  void offSignal(int signal);
  // `callback` gets the exit code, or a signal's number below 0. Keeps the loop alive.
  int onExit(int pid, Value callback);

 private:
  struct Timer {
    double at;
    double every;  // 0: once
    Value callback;
    bool alive = true;
  };
  struct Watch {
    int descriptor;
    int events;
    Value callback;
    bool alive = true;
  };
  struct Child {
    int pid;
    Value callback;
    bool alive = true;
  };

  bool isAlive() const;
  // Waits for descriptors, at most until the next timer, and calls their callbacks.
  void poll();
  int pollTimeout() const;
  // Milliseconds until the program rests; below 0: it has rested, and done nothing since then.
  double untilRest() const;
  void runTimers();
  void runImmediates();
  // Both call what waits for it, unless an earlier callback removed that.
  void deliver(int watch, int events);
  void deliver(const hvsock::Event* event);
  void deliverSignals();
  void reapChildren();

  Program& program_;
  int lastId_ = 0;
  bool rested_ = false;
  double mayRestAt_ = 0;
  std::map<int, Timer> timers_;
  std::map<int, Watch> watches_;
  std::map<int, Value> immediates_;
  std::map<int, Child> children_;
  std::map<int, Value> signals_;
};

// Whether a signal is noted for `caughtSignals`, or has its previous action. On Windows, signals are what libuv makes of a
// console's events: SIGINT (Ctrl+C), SIGBREAK (Ctrl+Break), SIGHUP (the window is closed).
void catchSignal(int signal, bool caught);

// Those that came since it was asked last.
std::vector<int> caughtSignals();

}  // namespace engine
