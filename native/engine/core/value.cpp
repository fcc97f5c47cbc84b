#include "value.h"

namespace engine {

JSValue checked(JSValue value) {
  if (JS_IsException(value)) throw Thrown{};
  return value;
}

std::string toText(JSContext* js, JSValueConst value) {
  std::size_t length = 0;
  const char* bytes = JS_ToCStringLen(js, &length, value);
  if (bytes == nullptr) throw Thrown{};
  std::string text(bytes, length);
  JS_FreeCString(js, bytes);
  // The engine writes half a surrogate pair as three bytes, ED A0..BF xx; so is U+FFFD.
  for (std::size_t at = text.find('\xED'); at != std::string::npos; at = text.find('\xED', at + 1)) {
    if (at + 2 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) text.replace(at, 3, "\xEF\xBF\xBD");
  }
  return text;
}

JSValue fromText(JSContext* js, const std::string& text) { return fromText(js, text.data(), text.size()); }

void set(JSContext* js, JSValueConst object, const char* name, JSValue owned) {
  if (JS_SetPropertyStr(js, object, name, checked(owned)) < 0) throw Thrown{};
}

void append(JSContext* js, JSValueConst array, std::uint32_t index, JSValue owned) {
  if (JS_SetPropertyUint32(js, array, index, checked(owned)) < 0) throw Thrown{};
}

}  // namespace engine
