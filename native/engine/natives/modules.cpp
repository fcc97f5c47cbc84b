#include "modules.h"

namespace engine {

const std::vector<NativeModule>& nativeModules() {
  static const std::vector<NativeModule> all{addonModule, bytesModule,     filesModule,   loopModule,
                                             pathsModule, processesModule, socketsModule, systemModule};
  return all;
}

}  // namespace engine
