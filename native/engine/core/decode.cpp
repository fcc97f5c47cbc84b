#include <algorithm>
#include <cstdint>
#include <vector>

#include "value.h"

namespace engine {
namespace {

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

JSValue fromText(JSContext* js, const char* text, std::size_t length) { return decoded(js, text, length, false); }
JSValue fromSystem(JSContext* js, const char* text, std::size_t length) { return decoded(js, text, length, true); }

}  // namespace engine
