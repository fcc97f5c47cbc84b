#pragma once

#include <quickjs.h>

#include <cstdint>
#include <vector>

#include "../image/image.h"
#include "../loop/loop.h"
#include "value.h"

namespace engine {

// What the system gave this process at its start.
struct Start {
  int count;
  char** words;
  double ms;  // on the loop's clock
};

// The engine with its one context, from the start to the end of the process.
class Program {
 public:
  explicit Program(const Start& start);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  static Program& of(JSContext* js);

  // Runs the bundle until nothing is left to wait for. Returns the exit code.
  int run();
  // Runs the bytecode of its first chunk only to where it would begin, and writes the image of that to a file.
  // Returns the exit code.
  int writeImage(const char* path, const std::vector<std::uint8_t>& code);
  // Ends the process, once the addon's threads have ended.
  [[noreturn]] void end(int code);

  // What runs from now on has the time of one turn.
  void beginTurn();
  // Calls a JavaScript function from the loop, and then its pending jobs. What it throws ends the process.
  void call(JSValueConst function, std::vector<JSValue> owned = {});
  // Runs the jobs of promises; then an unhandled rejection ends the process.
  void drain();

  // `function` is called at the start of each process that has the image of this one, or else of this one.
  void atStart(Value function) { begin_ = std::move(function); }

  JSContext* context() const { return js_; }
  const Start& start() const { return start_; }
  Loop& loop() { return loop_; }
  int exitCode = 0;

 private:
  struct Rejection {
    Value promise;
    Value reason;
  };

  static void track(JSContext* js, JSValueConst promise, JSValueConst reason, bool handled, void* program);
  static int interrupt(JSRuntime* runtime, void* program);
  // Does it, for an exit code; what it throws ends the process.
  template <typename Work>
  int guarded(Work work);
  [[noreturn]] void fail();
  [[noreturn]] void fail(JSValueConst reason);
  [[noreturn]] void endLate();

  const Start start_;
  // Of an image; null if the engine is new.
  const Engine* const restored_;
  const Engine engine_;
  JSRuntime* const runtime_;
  JSContext* const js_;
  Value begin_;
  std::vector<Rejection> rejected_;
  double turnBegan_ = 0;
  bool tooLong_ = false;
  Loop loop_;
};

}  // namespace engine
