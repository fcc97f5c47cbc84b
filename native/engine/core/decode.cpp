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
};

// The next code point: https://encoding.spec.whatwg.org/#utf-8-decoder
Decoded next(const unsigned char* bytes, std::size_t left) {
  const unsigned char first = bytes[0];
  if (first < 0x80) return {first, 1};
  if (first < 0xC2 || first > 0xF4) return {replacement, 1};
  const std::size_t more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  unsigned char least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned char most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  std::uint32_t point = first & (0x3F >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    if (i >= left || bytes[i] < least || bytes[i] > most) return {replacement, i};
    point = point << 6 | (bytes[i] & 0x3F);
    least = 0x80;
    most = 0xBF;
  }
  return {point, more + 1};
}

}  // namespace

JSValue fromText(JSContext* js, const char* text, std::size_t length) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text);
  if (std::all_of(bytes, bytes + length, [](unsigned char byte) { return byte < 0x80; })) {
    return JS_NewStringLen(js, text, length);
  }
  std::vector<std::uint16_t> units;
  units.reserve(length);
  for (std::size_t at = 0; at < length;) {
    const auto [point, taken] = next(bytes + at, length - at);
    at += taken;
    if (point < 0x10000) {
      units.push_back(static_cast<std::uint16_t>(point));
    } else {
      units.push_back(static_cast<std::uint16_t>(0xD7C0 + (point >> 10)));
      units.push_back(static_cast<std::uint16_t>(0xDC00 + (point & 0x3FF)));
    }
  }
  return JS_NewStringUTF16(js, units.data(), units.size());
}

}  // namespace engine
