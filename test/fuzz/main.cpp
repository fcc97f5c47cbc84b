// In the place of native/engine/main.cpp: libFuzzer calls the engine with each input. See fuzz.js.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "core/program.h"
#include "image/image.h"

namespace {

char name[] = "fuzz";
char* words[] = {name, nullptr};
engine::Program* program;
JSValue fuzz;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  program = new engine::Program({1, words, engine::monotonicMs()});
  if (program->run() != 0) return 1;
  const engine::Value global(program->context(), JS_GetGlobalObject(program->context()));
  fuzz = JS_GetPropertyStr(program->context(), global.get(), "fuzz");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  JSContext* const js = program->context();
  program->beginTurn();
  const engine::Value input(js, JS_NewUint8ArrayCopy(js, bytes, size));
  JSValueConst all[] = {input.get()};
  const JSValue result = JS_Call(js, fuzz, JS_UNDEFINED, 1, all);
  if (JS_IsException(result)) {
    const engine::Value reason(js, JS_GetException(js));
    const engine::Value stack(js, JS_GetPropertyStr(js, reason.get(), "stack"));
    std::fprintf(stderr, "%s\n%s\n", engine::toText(js, reason.get()).c_str(), engine::toText(js, stack.get()).c_str());
    std::abort();
  }
  JS_FreeValue(js, result);
  program->drain();
  return 0;
}
