#include "engine.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "../memory/memory.h"
#include "../natives/modules.h"
#include "chunks.h"

namespace engine {
namespace {

const NativeModule* findNative(const char* name) {
  for (const NativeModule* const module : nativeModules()) {
    if (std::strcmp(module->name, name) == 0) return module;
  }
  return nullptr;
}

int exportFunctions(JSContext* js, JSModuleDef* definition) {
  const JSAtom atom = JS_GetModuleName(js, definition);
  const char* name = JS_AtomToCString(js, atom);
  JS_FreeAtom(js, atom);
  if (name == nullptr) return -1;
  const NativeModule* module = findNative(name);
  JS_FreeCString(js, name);
  if (module == nullptr) return -1;
  for (const Native* each = module->functions; each != module->functions + module->count; ++each) {
    const JSValue function = JS_NewCFunction(js, each->function, each->name, 0);
    if (JS_SetModuleExport(js, definition, each->name, function) < 0) return -1;
  }
  return 0;
}

JSModuleDef* makeNative(JSContext* js, const NativeModule& module) {
  JSModuleDef* definition = JS_NewCModule(js, module.name, exportFunctions);
  if (definition == nullptr) return nullptr;
  for (const Native* each = module.functions; each != module.functions + module.count; ++each) {
    if (JS_AddModuleExport(js, definition, each->name) < 0) return nullptr;
  }
  return definition;
}

// A module that is half read cannot be freed: its tables are counted, and not there (js_free_module_def of 0.17.0).
JSModuleDef* readCode(JSContext* js, const std::uint8_t* code, std::size_t size) {
  const NeedsMemory all(JS_GetRuntime(js));
  const JSValue module = JS_ReadObject(js, code, size, JS_READ_OBJ_BYTECODE);
  if (JS_IsException(module)) return nullptr;
  auto* definition = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(module));
  JS_FreeValue(js, module);  // the context keeps it
  return definition;
}

const char* nameOf(const Chunk& chunk) { return reinterpret_cast<const char*>(chunkData + chunk.name); }

JSModuleDef* readChunk(JSContext* js, const Chunk& chunk) {
  const std::uint8_t* const code = chunkData + chunk.code;
  if (chunk.unpacked == 0) return readCode(js, code, chunk.length);
  // The engine's memory: it calls this from C, through which no exception of C++ passes.
  auto* const unpacked = static_cast<std::uint8_t*>(js_malloc(js, chunk.unpacked));
  if (unpacked == nullptr) return nullptr;
  unpack(code, unpacked, chunk.unpacked);
  JSModuleDef* const definition = readCode(js, unpacked, chunk.unpacked);
  js_free(js, unpacked);
  return definition;
}

// A chunk of the bundle, or a native module, whose name begins with "engine:".
JSModuleDef* load(JSContext* js, const char* name, void*) {
  if (const NativeModule* module = findNative(name)) return makeNative(js, *module);
  const Chunk* end = chunks + chunkCount;
  const Chunk* chunk = std::find_if(chunks, end, [&](const Chunk& each) { return std::strcmp(nameOf(each), name) == 0; });
  if (chunk != end) return readChunk(js, *chunk);
  JS_ThrowReferenceError(js, "the program has no module %s", name);
  return nullptr;
}

// All chunks lie side by side: "./x.mjs" is "x.mjs", whoever asks.
char* normalize(JSContext* js, const char*, const char* name, void*) {
  return js_strdup(js, std::strncmp(name, "./", 2) == 0 ? name + 2 : name);
}

Value evaluate(JSContext* js, JSModuleDef* definition) {
  if (definition == nullptr) throw Thrown{};
  const JSValue module = JS_MKPTR(JS_TAG_MODULE, definition);
  if (JS_ResolveModule(js, module) < 0) throw Thrown{};
  return {js, checked(JS_EvalFunction(js, JS_DupValue(js, module)))};
}

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

void refuseInImage(JSCFunction* function) {
  if (!lacksImage()) return;
  for (const NativeModule* const module : nativeModules()) {
    for (const Native* each = module->functions; each != module->functions + module->count; ++each) {
      if (each->function != function) continue;
      std::fprintf(stderr, "%s of %s was called before atStart: its result is not the same in each process\n", each->name,
                   module->name);
    }
  }
  _exit(1);
}

Value evaluateChunk(JSContext* js, const char* name) { return evaluate(js, load(js, name, nullptr)); }

Value evaluateCode(JSContext* js, const std::uint8_t* code, std::size_t size) {
  return evaluate(js, readCode(js, code, size));
}

Engine newEngine() {
  JSRuntime* const runtime = newRuntime();
  JSContext* const js = runtime != nullptr ? newContext(runtime) : nullptr;
  if (js == nullptr) {
    sayNoMemory();
    _exit(1);
  }
  JS_SetGCThreshold(runtime, firstCollection);
  JS_SetModuleLoaderFunc(runtime, normalize, load, nullptr);
  return {runtime, js, JS_UNDEFINED};
}

}  // namespace engine
