#include "value.h"

#include <algorithm>
#include <cstdint>
#include <vector>

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

constexpr std::uint32_t replacement = 0xFFFD;

struct Decoded {
  std::uint32_t point;
  std::size_t length;
  bool isUtf8;
};

// The next code point: https://encoding.spec.whatwg.org/#utf-8-decoder
Decoded next(const unsigned char* bytes, std::size_t left) {
  const unsigned char first = bytes[0];
  if (first < 0x80) return {first, 1, true};
  if (first < 0xC2 || first > 0xF4) return {replacement, 1, false};
  const std::size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  std::uint32_t point = first & (0x3F >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if (i >= left || bytes[i] < least || bytes[i] > most) return {replacement, i, false};
    point = point << 6 | (bytes[i] & 0x3F);
    least = 0x80;
    most = 0xBF;
  }
  return {point, more + 1, true};
}

// `isSystem`: each byte that is not UTF-8 becomes half a surrogate pair.
JSValue decoded(JSContext* js, const char* text, std::size_t length, bool isSystem) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text);
  if (std::all_of(bytes, bytes + length, [](unsigned char byte) { return byte < 0x80; })) {
    return JS_NewStringLen(js, text, length);
  }
  std::vector<std::uint16_t> units;
  units.reserve(length);
  for (std::size_t at = 0; at < length;) {
    const auto [point, taken, isUtf8] = next(bytes + at, length - at);
    const auto* const begin = bytes + at;
    at += taken;
    if (isSystem && !isUtf8) {
      std::for_each(begin, begin + taken, [&](unsigned char byte) { units.push_back(0xDC00 | byte); });
    } else if (point < 0x10000) {
      units.push_back(static_cast<std::uint16_t>(point));
    } else {
      units.push_back(static_cast<std::uint16_t>(0xD7C0 + (point >> 10)));
      units.push_back(static_cast<std::uint16_t>(0xDC00 + (point & 0x3FF)));
    }
  }
  return JS_NewStringUTF16(js, units.data(), units.size());
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

JSValue fromText(JSContext* js, const char* text, std::size_t length) { return decoded(js, text, length, false); }
JSValue fromSystem(JSContext* js, const char* text, std::size_t length) { return decoded(js, text, length, true); }

}  // namespace engine
