#include "program.h"

#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "../image/process_state.h"
#include "../memory/memory.h"
#include "../napi/environment.h"
#include "chunks.h"
#include "call.h"
#include "engine.h"

namespace engine {
namespace {

// As in Node.
constexpr int neverEnded = 13;

void say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

// The engine throws null if there is none for the error either, and one with another message, or none, if there is none for that.
bool isOfMemory(JSContext* js, JSValueConst reason) {
  if (JS_IsNull(reason)) return true;
  if (!JS_IsError(reason)) return false;
  const std::string text = toText(js, reason);
  return text == "InternalError: out of memory" || text == "InternalError: Invalid error message" || text == "InternalError";
}

}  // namespace

Program::Program(const Start& start)
    : start_(start),
      restored_(restoreEngine()),
      engine_(restored_ != nullptr ? *restored_ : newEngine()),
      runtime_(engine_.runtime),
      js_(engine_.js),
      begin_(js_, engine_.begin),
      loop_(*this) {
  setMemoryLimit(runtime_);
  JS_SetMaxStackSize(runtime_, std::min(limits.stack, stackLeft()));
  JS_SetContextOpaque(js_, this);
  JS_SetHostPromiseRejectionTracker(runtime_, track, this);
  JS_SetInterruptHandler(runtime_, interrupt, this);
}

// The process exits next, which frees what the engine holds.
Program::~Program() { napiCleanUp(); }

Program& Program::of(JSContext* js) { return *static_cast<Program*>(JS_GetContextOpaque(js)); }

template <typename Work>
int Program::guarded(Work work) {
  try {
    return work();
  } catch (const Thrown&) {
    fail();
  } catch (const SystemFailure& failure) {
    say("Stopped: " + std::string(failure.call) + ": " + errorWords(failure.number).words);
  } catch (const std::bad_alloc&) {
    sayNoMemory();
  }
  end(1);
}

int Program::run() {
  beginTurn();
  return guarded([this] {
    Value main(js_, JS_UNDEFINED);
    if (restored_ == nullptr) {
      main = evaluateChunk(js_, mainChunk);
      drain();
    }
    if (!JS_IsUndefined(begin_.get())) call(begin_.get());
    loop_.run();
    if (JS_PromiseState(js_, main.get()) != JS_PROMISE_PENDING) return exitCode;
    // The engine drops a promise for which it has no memory.
    say("Stopped: nothing is left to wait for, and the work is not done: memory ran out, or this is a fault of vmssh");
    return neverEnded;
  });
}

int Program::writeImage(const char* path, const std::vector<std::uint8_t>& code) {
  fixSeeds(js_);
  beginTurn();
  guarded([&] {
    const Value main = evaluateCode(js_, code.data(), code.size());
    drain();
    return 0;
  });
  JS_SetContextOpaque(js_, nullptr);
  JS_SetHostPromiseRejectionTracker(runtime_, nullptr, nullptr);
  JS_SetInterruptHandler(runtime_, nullptr, nullptr);
  return engine::writeImage({runtime_, js_, begin_.release()}, path);
}

void Program::end(int code) {
#if defined(__SANITIZE_ADDRESS__)
  __lsan_do_leak_check();  // only exit() would do it by itself; what still waits is held until here
#endif
  napiCleanUp();
  _exit(code);
}

void Program::beginTurn() { turnBegan_ = processorMs(); }

void Program::call(JSValueConst function, std::vector<JSValue> owned) {
  beginTurn();
  const Value held = Value::copy(js_, function);  // it may take itself out of the loop
  const auto count = static_cast<int>(owned.size());
  const JSValue result = JS_Call(js_, held.get(), JS_UNDEFINED, count, owned.data());
  for (const JSValue each : owned) JS_FreeValue(js_, each);
  if (JS_IsException(result)) fail();
  JS_FreeValue(js_, result);
  drain();
}

void Program::drain() {
  JSContext* js = nullptr;
  int ran = 1;
  while (ran > 0 && !tooLong_) ran = JS_ExecutePendingJob(runtime_, &js);
  if (tooLong_) endLate();  // an asynchronous function that was interrupted says nothing of it
  if (ran < 0) fail();
  if (!rejected_.empty()) fail(rejected_.front().reason.get());
}

void Program::track(JSContext* js, JSValueConst promise, JSValueConst reason, bool handled, void* program) {
  auto& self = *static_cast<Program*>(program);
  auto& rejected = self.rejected_;
  if (!handled) {
    // No exception may pass through the engine, which is C.
    self.guarded([&] {
      rejected.push_back({Value::copy(js, promise), Value::copy(js, reason)});
      return 0;
    });
    return;
  }
  const auto same = [&](const Rejection& each) { return JS_IsStrictEqual(js, each.promise.get(), promise); };
  rejected.erase(std::remove_if(rejected.begin(), rejected.end(), same), rejected.end());
}

int Program::interrupt(JSRuntime*, void* program) {
  auto& self = *static_cast<Program*>(program);
  self.tooLong_ = self.tooLong_ || processorMs() - self.turnBegan_ > limits.turnMs;
  return self.tooLong_;
}

void Program::fail() { fail(Value(js_, JS_GetException(js_)).get()); }

void Program::fail(JSValueConst reason) {
  JS_SetMemoryLimit(runtime_, 0);  // what is said of it needs some
  if (tooLong_) endLate();
  try {
    if (isOfMemory(js_, reason)) {
      sayNoMemory();
      end(1);
    }
    say("Uncaught " + toText(js_, reason));
    const Value stack(js_, checked(JS_GetPropertyStr(js_, reason, "stack")));
    if (JS_IsString(stack.get())) say(toText(js_, stack.get()));
  } catch (const Thrown&) {
    say("Uncaught exception");  // it cannot be described
  }
  end(1);
}

void Program::endLate() {
  say("Stopped: it computed for more than " + std::to_string(static_cast<int>(limits.turnMs / 1000)) +
      " s at a time, on what a file, a tool or a peer gave it");
  end(1);
}

}  // namespace engine
