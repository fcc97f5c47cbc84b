#include "modules.h"
#include "of_system.h"

namespace engine {
namespace {

JSValue newTexts(JSContext* js, const std::vector<std::string>& texts) {
  Value array(js, checked(JS_NewArray(js)));
  std::uint32_t index = 0;
  for (const std::string& text : texts) append(js, array.get(), index++, fromSystem(js, text.data(), text.size()));
  return array.release();
}

JSValue platform(Call& call) { return JS_NewString(call.js, system::platform()); }

JSValue commandLine(Call& call) {
  const Start& start = Program::of(call.js).start();
  return newTexts(call.js, {start.words, start.words + start.count});
}

// Without a prototype: a variable may be called "__proto__". Made here, as each login waits for it.
JSValue environment(Call& call) {
  JSContext* const js = call.js;
  Value object(js, checked(JS_NewObjectProto(js, JS_NULL)));
  for (const std::string& pair : system::environment()) {
    const std::size_t length = pair.find('=');
    if (length == 0 || length == std::string::npos) continue;
    const Value name(js, checked(fromSystem(js, pair.data(), length)));
    const JSAtom atom = JS_ValueToAtom(js, name.get());
    if (atom == JS_ATOM_NULL) throw Thrown{};
    const JSValue value = fromSystem(js, pair.data() + length + 1, pair.size() - length - 1);
    const int defined = JS_DefinePropertyValue(js, object.get(), atom, value, JS_PROP_C_W_E);
    JS_FreeAtom(js, atom);
    if (defined < 0) throw Thrown{};
  }
  return object.release();
}

JSValue workingFolder(Call& call) {
  const std::string path = system::workingFolder();
  return fromSystem(call.js, path.data(), path.size());
}

JSValue programPath(Call& call) {
  const std::string path = system::programPath(Program::of(call.js).start());
  return fromSystem(call.js, path.data(), path.size());
}

JSValue engineVersion(Call& call) { return JS_NewString(call.js, JS_GetVersion()); }

JSValue exit(Call& call) { Program::of(call.js).end(call.integer(0)); }

JSValue atStart(Call& call) {
  Program::of(call.js).atStart(call.function(0));
  return JS_UNDEFINED;
}

JSValue setExitCode(Call& call) {
  Program::of(call.js).exitCode = call.integer(0);
  return JS_UNDEFINED;
}

JSValue pid(Call& call) { return JS_NewInt32(call.js, system::pid()); }

template <double (*which)()>
JSValue id(Call& call) {
  return JS_NewNumber(call.js, which());
}

// Each error's name; "" for a number that has none.
JSValue errorNames(Call& call) {
  Value array(call.js, checked(JS_NewArray(call.js)));
  for (int number = 0; number < system::errorCount(); ++number) {
    const std::string name = system::errorName(number);
    append(call.js, array.get(), static_cast<std::uint32_t>(number), JS_NewString(call.js, name.c_str()));
  }
  return array.release();
}

// Milliseconds since this process started.
JSValue uptime(Call& call) { return JS_NewNumber(call.js, monotonicMs() - Program::of(call.js).start().ms); }

// Microseconds on a processor: as the program, and in the kernel.
JSValue processorTime(Call& call) {
  const auto [asProgram, inKernel] = system::processorTime();
  Value array(call.js, checked(JS_NewArray(call.js)));
  append(call.js, array.get(), 0, JS_NewNumber(call.js, asProgram));
  append(call.js, array.get(), 1, JS_NewNumber(call.js, inKernel));
  return array.release();
}

JSValue names(Call& call) { return newTexts(call.js, system::names()); }

JSValue account(Call& call) { return newTexts(call.js, system::account()); }

JSValue isTerminal(Call& call) { return JS_NewBool(call.js, system::isTerminal(call.integer(0))); }

JSValue columns(Call& call) { return JS_NewInt32(call.js, system::columns(call.integer(0))); }

JSValue randomBytes(Call& call) {
  const std::string bytes = system::randomBytes(static_cast<std::size_t>(call.integer(0)));
  return newBytes(call.js, bytes.data(), bytes.size());
}

constexpr Native functions[] = {
    {"platform", native<platform, Gives::sameAlways>},
    {"commandLine", native<commandLine>},
    {"environment", native<environment>},
    {"workingFolder", native<workingFolder>},
    {"programPath", native<programPath>},
    {"engineVersion", native<engineVersion, Gives::sameAlways>},
    {"exit", native<exit>},
    {"atStart", native<atStart, Gives::sameAlways>},
    {"setExitCode", native<setExitCode>},
    {"pid", native<pid>},
    {"parentPid", native<id<system::parentPid>>},
    {"uid", native<id<system::user>>},
    {"effectiveUid", native<id<system::effectiveUser>>},
    {"errorNames", native<errorNames, Gives::sameAlways>},
    {"uptime", native<uptime>},
    {"processorTime", native<processorTime>},
    {"names", native<names>},
    {"account", native<account>},
    {"isTerminal", native<isTerminal>},
    {"columns", native<columns>},
    {"randomBytes", native<randomBytes>},
};

}  // namespace

const NativeModule systemModule = nativeModule("engine:system", functions);

}  // namespace engine
