#pragma once

#include <array>

#include "../core/call.h"

namespace engine {

// All native modules; src/engine/natives.d.ts types them.
const std::array<const NativeModule*, 8>& nativeModules();

extern const NativeModule addonModule;
extern const NativeModule bytesModule;
extern const NativeModule filesModule;
extern const NativeModule loopModule;
extern const NativeModule pathsModule;
extern const NativeModule processesModule;
extern const NativeModule socketsModule;
extern const NativeModule systemModule;

// A table of functions as a module.
template <std::size_t count>
constexpr NativeModule nativeModule(const char* name, const Native (&functions)[count]) {
  return {name, functions, count};
}

}  // namespace engine
