#include "modules.h"
#include "of_system.h"

namespace engine {
namespace {

JSValue run(Call& call, void (*body)(const std::string&)) {
  body(call.word(0));
  return JS_UNDEFINED;
}

JSValue run(Call& call, void (*body)(const std::string&, int)) {
  body(call.word(0), call.integer(1));
  return JS_UNDEFINED;
}

JSValue run(Call& call, void (*body)(const std::string&, const std::string&)) {
  body(call.word(0), call.word(1));
  return JS_UNDEFINED;
}

JSValue run(Call& call, std::string (*body)(const std::string&)) {
  const std::string text = body(call.word(0));
  return fromSystem(call.js, text.data(), text.size());
}

JSValue run(Call& call, Stat (*body)(const std::string&)) { return newStat(call.js, body(call.word(0))); }

template <auto body>
JSValue ofPath(Call& call) {
  return run(call, body);
}

JSValue exists(Call& call) { return JS_NewBool(call.js, paths::exists(call.word(0))); }

JSValue lstatIdentity(Call& call) { return newIdentity(call.js, paths::lstat(call.word(0))); }

// Names and types (DT_DIR …) in turn.
JSValue readdir(Call& call) {
  Value array(call.js, checked(JS_NewArray(call.js)));
  std::uint32_t index = 0;
  for (const auto& [name, type] : paths::entries(call.word(0))) {
    append(call.js, array.get(), index++, fromSystem(call.js, name.data(), name.size()));
    append(call.js, array.get(), index++, JS_NewInt32(call.js, type));
  }
  return array.release();
}

constexpr Native functions[] = {
    {"stat", native<ofPath<paths::stat>>},
    {"lstat", native<ofPath<paths::lstat>>},
    {"lstatIdentity", native<lstatIdentity>},
    {"access", native<ofPath<paths::access>>},
    {"exists", native<exists>},
    {"readdir", native<readdir>},
    {"readlink", native<ofPath<paths::readlink>>},
    {"realpath", native<ofPath<paths::realpath>>},
    {"mkdir", native<ofPath<paths::mkdir>>},
    {"mkdtemp", native<ofPath<paths::mkdtemp>>},
    {"rename", native<ofPath<paths::rename>>},
    {"unlink", native<ofPath<paths::unlink>>},
    {"rmdir", native<ofPath<paths::rmdir>>},
    {"symlink", native<ofPath<paths::symlink>>},
};

}  // namespace

const NativeModule pathsModule = nativeModule("engine:paths", functions);

}  // namespace engine
