#include "keys.h"

#include <cstdlib>

#include "../functions.h"

namespace hvsock {

napi_value rawTerminal(Call& call) {
  const napi_value value = call.argument(0);
  bool raw = false;
  if (typeOf(call.env, value) != napi_boolean) reject(call.env, call.function, "raw", "a boolean", value);
  check(call.env, napi_get_value_bool(call.env, value, &raw));
  if (!raw) {
    restoreTerminal();
    return undefined(call.env);
  }
  // Node runs exit handlers, and the executable's engine its hooks: the terminal is as before however the program ends.
  static const bool atExit = [&] {
    std::atexit(restoreTerminal);
    return napi_add_env_cleanup_hook(call.env, [](void*) { restoreTerminal(); }, nullptr) == napi_ok;
  }();
  if (!atExit) throw Failure{ENOSYS, call.function, "no cleanup hook"};
  makeTerminalRaw(call.function);
  return undefined(call.env);
}

napi_value readKeys(Call& call) { return Instance::of(call.env).pending(readingKeys()); }

}  // namespace hvsock
