#include "modules.h"

#include "../napi/environment.h"

namespace engine {

const std::array<const NativeModule*, 8>& nativeModules() {
  static constexpr std::array<const NativeModule*, 8> all{&addonModule, &bytesModule,     &filesModule,   &loopModule,
                                                          &pathsModule, &processesModule, &socketsModule, &systemModule};
  return all;
}

namespace {

JSValue exports(Call& call) { return napiExports(call.js); }

constexpr Native functions[] = {{"exports", native<exports>}};

}  // namespace

const NativeModule addonModule = nativeModule("engine:addon", functions);

}  // namespace engine
