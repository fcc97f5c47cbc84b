#include "modules.h"
#include "of_system.h"

namespace engine {
namespace {

JSValue connect(Call& call) { return JS_NewInt32(call.js, sockets::connect(call.word(0))); }

JSValue listen(Call& call) { return JS_NewInt32(call.js, sockets::listen(call.word(0))); }

JSValue accept(Call& call) { return JS_NewInt32(call.js, sockets::accept(call.integer(0))); }

JSValue pair(Call& call) {
  const auto [ours, theirs] = sockets::pair();
  Value array(call.js, checked(JS_NewArray(call.js)));
  append(call.js, array.get(), 0, JS_NewInt32(call.js, ours));
  append(call.js, array.get(), 1, JS_NewInt32(call.js, theirs));
  return array.release();
}

JSValue shutdownWriting(Call& call) {
  sockets::shutdownWriting(call.integer(0));
  return JS_UNDEFINED;
}

// 4 or 6 for the text of an address, else 0.
JSValue isIP(Call& call) {
  const std::string text = call.text(0);
  const bool plain = text.find('\0') == std::string::npos;
  if (plain && sockets::isIPv4(text)) return JS_NewInt32(call.js, 4);
  const std::size_t percent = text.find('%');
  const bool scoped = percent == std::string::npos || percent + 1 < text.size();
  const bool six = plain && scoped && sockets::isIPv6(text.substr(0, percent));
  return JS_NewInt32(call.js, six ? 6 : 0);
}

JSValue lookup(Call& call) { return JS_NewInt32(call.js, sockets::lookup(call.word(0))); }

constexpr Native functions[] = {
    {"connect", native<connect>},
    {"listen", native<listen>},
    {"accept", native<accept>},
    {"pair", native<pair>},
    {"shutdownWriting", native<shutdownWriting>},
    {"isIP", native<isIP>},
    {"lookup", native<lookup>},
};

}  // namespace

const NativeModule socketsModule = nativeModule("engine:sockets", functions);

}  // namespace engine
