#include "value.h"

namespace engine {

JSValue checked(JSValue value) {
  if (JS_IsException(value)) throw Thrown{};
  return value;
}

namespace {

// `isSystem`: the halves that stand for bytes become these.
std::string encoded(JSContext* js, JSValueConst value, bool isSystem) {
  std::size_t length = 0;
  const char* bytes = JS_ToCStringLen(js, &length, value);
  if (bytes == nullptr) throw Thrown{};
  std::string text(bytes, length);
  JS_FreeCString(js, bytes);
  // The engine writes half a surrogate pair as three bytes, ED A0..BF xx; so is U+FFFD.
  for (std::size_t at = text.find('\xED'); at != std::string::npos; at = text.find('\xED', at + 1)) {
    if (at + 2 >= text.size() || static_cast<unsigned char>(text[at + 1]) < 0xA0) continue;
    const unsigned low = (text[at + 1] & 0x3Fu) << 6 | (text[at + 2] & 0x3Fu);  // of U+Dxxx
    const bool isByte = isSystem && low >= 0xC80 && low <= 0xCFF;
    text.replace(at, 3, isByte ? std::string(1, static_cast<char>(low & 0xFF)) : "\xEF\xBF\xBD");
  }
  return text;
}

}  // namespace

std::string toText(JSContext* js, JSValueConst value) { return encoded(js, value, false); }
// Windows has no bytes there.
std::string toSystem(JSContext* js, JSValueConst value) {
#if defined(_WIN32)
  return encoded(js, value, false);
#else
  return encoded(js, value, true);
#endif
}

JSValue fromText(JSContext* js, const std::string& text) { return fromText(js, text.data(), text.size()); }

void set(JSContext* js, JSValueConst object, const char* name, JSValue owned) {
  if (JS_SetPropertyStr(js, object, name, checked(owned)) < 0) throw Thrown{};
}

void append(JSContext* js, JSValueConst array, std::uint32_t index, JSValue owned) {
  if (JS_SetPropertyUint32(js, array, index, checked(owned)) < 0) throw Thrown{};
}

}  // namespace engine
