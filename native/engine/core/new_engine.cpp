#include "new_engine.h"

#include <unistd.h>

#include <cstddef>

#include "../memory/heap.h"
#include "../memory/no_memory.h"
#include "modules.h"

namespace engine {
namespace {

// Bytes that the engine holds before it first collects cycles: a short command never gets there.
constexpr std::size_t firstCollection = std::size_t{8} << 20;

// A context without eval(), so that the linker leaves out the engine's compiler: all code is bytecode.
JSContext* newContext(JSRuntime* runtime) {
  JSContext* const js = JS_NewContextRaw(runtime);
  if (js == nullptr) return nullptr;
  for (const auto add : {JS_AddIntrinsicBaseObjects, JS_AddIntrinsicDate, JS_AddIntrinsicRegExp, JS_AddIntrinsicJSON,
                         JS_AddIntrinsicProxy, JS_AddIntrinsicMapSet, JS_AddIntrinsicTypedArrays, JS_AddIntrinsicPromise,
                         JS_AddIntrinsicWeakRef, JS_AddIntrinsicAToB}) {
    if (add(js) < 0) return nullptr;
  }
  return js;
}

}  // namespace

Engine newEngine() {
  JSRuntime* const runtime = newRuntime();
  JSContext* const js = runtime != nullptr ? newContext(runtime) : nullptr;
  if (js == nullptr) {
    sayNoMemory();
    _exit(1);
  }
  JS_SetGCThreshold(runtime, firstCollection);
  useModules(runtime);
  return {runtime, js, JS_UNDEFINED};
}

}  // namespace engine
