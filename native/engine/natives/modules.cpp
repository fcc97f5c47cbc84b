#include "modules.h"

namespace engine {

const std::array<const NativeModule*, 8>& nativeModules() {
  static constexpr std::array<const NativeModule*, 8> all{&addonModule, &bytesModule,     &filesModule,   &loopModule,
                                                          &pathsModule, &processesModule, &socketsModule, &systemModule};
  return all;
}

}  // namespace engine
