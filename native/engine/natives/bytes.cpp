#include <vector>

#include "modules.h"

namespace engine {
namespace {

JSValue decodeUtf8(Call& call) {
  const auto [data, length] = call.bytes(0);
  return fromText(call.js, reinterpret_cast<const char*>(data), length);
}

JSValue encodeUtf8(Call& call) {
  const std::string text = call.text(0);
  return newBytes(call.js, text.data(), text.size());
}

JSValue decodeLatin1(Call& call) {
  const auto [data, length] = call.bytes(0);
  const std::vector<std::uint16_t> units(data, data + length);
  return JS_NewStringUTF16(call.js, units.data(), units.size());
}

// As in Node: the lower eight bits of each unit.
JSValue encodeLatin1(Call& call) {
  std::size_t length = 0;
  const std::uint16_t* units = JS_ToCStringLenUTF16(call.js, &length, call.argument(0));
  if (units == nullptr) throw Thrown{};
  std::vector<std::uint8_t> bytes(length);
  for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(units[i]);
  JS_FreeCStringUTF16(call.js, units);
  return newBytes(call.js, bytes.data(), bytes.size());
}

constexpr Native functions[] = {
    {"decodeUtf8", native<decodeUtf8, Gives::sameAlways>},
    {"encodeUtf8", native<encodeUtf8, Gives::sameAlways>},
    {"decodeLatin1", native<decodeLatin1, Gives::sameAlways>},
    {"encodeLatin1", native<encodeLatin1, Gives::sameAlways>},
};

}  // namespace

const NativeModule bytesModule = nativeModule("engine:bytes", functions);

}  // namespace engine
