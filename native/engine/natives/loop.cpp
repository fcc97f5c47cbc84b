#include "../loop/loop.h"

#include "../core/program.h"
#include "modules.h"

namespace engine {
namespace {

Loop& loopOf(const Call& call) { return Program::of(call.js).loop(); }

JSValue addTimer(Call& call) {
  return JS_NewInt32(call.js, loopOf(call).addTimer(call.function(0), call.number(1), call.flag(2)));
}

JSValue addImmediate(Call& call) { return JS_NewInt32(call.js, loopOf(call).addImmediate(call.function(0))); }

JSValue watch(Call& call) {
  return JS_NewInt32(call.js, loopOf(call).watch(call.integer(0), call.integer(1), call.function(2)));
}

JSValue remove(Call& call) {
  loopOf(call).remove(call.integer(0));
  return JS_UNDEFINED;
}

JSValue keepAlive(Call& call) {
  loopOf(call).keepAlive(call.integer(0), call.flag(1));
  return JS_UNDEFINED;
}

JSValue onSignal(Call& call) {
  loopOf(call).onSignal(call.integer(0), call.function(1));
  return JS_UNDEFINED;
}

JSValue offSignal(Call& call) {
  loopOf(call).offSignal(call.integer(0));
  return JS_UNDEFINED;
}

JSValue onExit(Call& call) { return JS_NewInt32(call.js, loopOf(call).onExit(call.integer(0), call.function(1))); }

constexpr Native functions[] = {
    {"addTimer", native<addTimer>},   {"addImmediate", native<addImmediate>}, {"watch", native<watch>},
    {"remove", native<remove>},       {"keepAlive", native<keepAlive>},       {"onSignal", native<onSignal>},
    {"offSignal", native<offSignal>}, {"onExit", native<onExit>},
};

}  // namespace

const NativeModule loopModule = nativeModule("engine:loop", functions);

}  // namespace engine
