#include "../napi/environment.h"
#include "modules.h"

namespace engine {
namespace {

JSValue exports(Call& call) { return napiExports(call.js); }

constexpr Native functions[] = {{"exports", native<exports>}};

}  // namespace

const NativeModule addonModule = nativeModule("engine:addon", functions);

}  // namespace engine
