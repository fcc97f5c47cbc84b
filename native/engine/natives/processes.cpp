#include "modules.h"
#include "of_system.h"

namespace engine {
namespace {

// spawn(program, words, environment, descriptors, folder or undefined, whether detached, whether without a window): the pid.
JSValue spawn(Call& call) {
  const processes::NewProgram program{
      call.word(0),
      call.words(1),
      call.words(2),
      call.integers(3),
      call.has(4) ? std::optional(call.word(4)) : std::nullopt,
      call.flag(5),
      call.flag(6),
  };
  return JS_NewInt32(call.js, processes::spawn(program));
}

JSValue kill(Call& call) {
  processes::kill(call.integer(0), call.integer(1));
  return JS_UNDEFINED;
}

// wait(pid, ms): undefined if it still runs.
JSValue wait(Call& call) {
  const auto code = processes::wait(call.integer(0), call.number(1));
  return code ? JS_NewInt64(call.js, *code) : JS_UNDEFINED;
}

// awaitReadable(descriptors, ms): those that can be read from by then.
JSValue awaitReadable(Call& call) {
  Value readable(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  for (const int each : processes::awaitReadable(call.integers(0), call.number(1))) {
    append(call.js, readable.get(), index++, JS_NewInt32(call.js, each));
  }
  return readable.release();
}

constexpr Native functions[] = {
    {"spawn", native<spawn>},
    {"kill", native<kill>},
    {"wait", native<wait>},
    {"awaitReadable", native<awaitReadable>},
};

}  // namespace

const NativeModule processesModule = nativeModule("engine:processes", functions);

}  // namespace engine
