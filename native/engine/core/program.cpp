#include "program.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "../napi/environment.h"
#include "chunks.h"
#include "modules.h"

namespace engine {
namespace {

// How much a peer, a tool or a file can make the engine hold; the largest answer that a provider accepts has 64 MB.
constexpr std::size_t mostMemory = std::size_t{1} << 30;
// Of the 8 MB that a thread has: some 10,000 calls.
constexpr std::size_t mostStack = std::size_t{7} << 20;
// Bytes that the engine holds before it first looks for circles that nobody holds: a short command never gets there.
constexpr std::size_t firstCollection = std::size_t{8} << 20;
// Milliseconds on the processor for one turn of the loop, such as one regular expression.
constexpr double longestTurn = 60'000;

// As in Node.
constexpr int neverEnded = 13;

JSContext* newContext(JSRuntime* runtime) {
  if (runtime == nullptr) return nullptr;
  JS_SetMemoryLimit(runtime, mostMemory);
  JS_SetMaxStackSize(runtime, mostStack);
  JS_SetGCThreshold(runtime, firstCollection);
  JSContext* js = JS_NewContext(runtime);
  if (js != nullptr && JS_AddIntrinsicDOMException(js) < 0) return nullptr;
  return js;
}

void say(const std::string& line) { std::fputs((line + "\n").c_str(), stderr); }

}  // namespace

Program::Program(const Start& start)
    : start_(start), runtime_(JS_NewRuntime()), js_(newContext(runtime_)), loop_(*this) {
  if (js_ == nullptr) {
    say("not enough memory");
    _exit(1);
  }
  JS_SetContextOpaque(js_, this);
  JS_SetHostPromiseRejectionTracker(runtime_, track, this);
  JS_SetInterruptHandler(runtime_, interrupt, this);
  useModules(runtime_);
}

// The process exits next, which frees what the engine holds.
Program::~Program() { napiCleanUp(); }

Program& Program::of(JSContext* js) { return *static_cast<Program*>(JS_GetContextOpaque(js)); }

int Program::run() {
  turnBegan_ = processorMs();
  try {
    const Value main = evaluateChunk(js_, mainChunk);
    drain();
    loop_.run();
    if (JS_PromiseState(js_, main.get()) != JS_PROMISE_PENDING) return exitCode;
    say("Nothing is left that the program waits for, and it has not come to its end");
    return neverEnded;
  } catch (const Thrown&) {
    fail();
  }
}

void Program::end(int code) {
  napiCleanUp();
  _exit(code);
}

void Program::call(JSValueConst function, std::vector<JSValue> owned) {
  turnBegan_ = processorMs();
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
  while (ran > 0) ran = JS_ExecutePendingJob(runtime_, &js);
  if (ran < 0) fail();
  if (!rejected_.empty()) fail(rejected_.front().reason.get());
}

void Program::track(JSContext* js, JSValueConst promise, JSValueConst reason, bool handled, void* program) {
  auto& rejected = static_cast<Program*>(program)->rejected_;
  if (!handled) {
    rejected.push_back({Value::copy(js, promise), Value::copy(js, reason)});
    return;
  }
  const auto same = [&](const Rejection& each) { return JS_IsStrictEqual(js, each.promise.get(), promise); };
  rejected.erase(std::remove_if(rejected.begin(), rejected.end(), same), rejected.end());
}

int Program::interrupt(JSRuntime*, void* program) {
  return processorMs() - static_cast<Program*>(program)->turnBegan_ > longestTurn;
}

void Program::fail() { fail(Value(js_, JS_GetException(js_)).get()); }

void Program::fail(JSValueConst reason) {
  try {
    say("Uncaught " + toText(js_, reason));
    const Value stack(js_, checked(JS_GetPropertyStr(js_, reason, "stack")));
    if (JS_IsString(stack.get())) say(toText(js_, stack.get()));
  } catch (const Thrown&) {
    say("Uncaught exception");  // it cannot be described, for example without memory
  }
  end(1);
}

}  // namespace engine
