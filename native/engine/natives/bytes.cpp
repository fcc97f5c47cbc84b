#include <array>
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

// RFC 3174, 6.1.
using Sha1 = std::array<std::uint32_t, 5>;

std::uint32_t rotated(std::uint32_t word, int by) { return word << by | word >> (32 - by); }

void addBlock(Sha1& state, const std::uint8_t* block) {
  std::uint32_t w[80];
  for (int t = 0; t < 16; ++t)
    w[t] = static_cast<std::uint32_t>(block[4 * t]) << 24 | block[4 * t + 1] << 16 | block[4 * t + 2] << 8 | block[4 * t + 3];
  for (int t = 16; t < 80; ++t) w[t] = rotated(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  auto [a, b, c, d, e] = state;
  for (int t = 0; t < 80; ++t) {
    const std::uint32_t mixed = t < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                                : t < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                                : t < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                         : (b ^ c ^ d) + 0xca62c1d6;
    const std::uint32_t next = rotated(a, 5) + mixed + e + w[t];
    e = d;
    d = c;
    c = rotated(b, 30);
    b = a;
    a = next;
  }
  const std::uint32_t sums[] = {a, b, c, d, e};
  for (int i = 0; i < 5; ++i) state[i] += sums[i];
}

std::array<std::uint8_t, 20> sha1(std::vector<std::uint8_t> bytes) {
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  bytes.push_back(0x80);
  while (bytes.size() % 64 != 56) bytes.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
  Sha1 state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (std::size_t at = 0; at < bytes.size(); at += 64) addBlock(state, bytes.data() + at);
  std::array<std::uint8_t, 20> digest;
  for (int i = 0; i < 20; ++i) digest[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - i % 4 * 8));
  return digest;
}

// RFC 2104. A known_hosts file has a thousand hashed names, and the engine takes a quarter of a millisecond for each.
JSValue hmacSha1(Call& call) {
  const auto [keyData, keyLength] = call.bytes(0);
  const auto [data, length] = call.bytes(1);
  std::vector<std::uint8_t> key(keyData, keyData + keyLength);
  if (key.size() > 64) {
    const auto digest = sha1(std::move(key));
    key.assign(digest.begin(), digest.end());
  }
  key.resize(64);
  std::vector<std::uint8_t> inner;
  std::vector<std::uint8_t> outer;
  for (const std::uint8_t byte : key) {
    inner.push_back(byte ^ 0x36);
    outer.push_back(byte ^ 0x5c);
  }
  inner.insert(inner.end(), data, data + length);
  const auto hash = sha1(std::move(inner));
  outer.insert(outer.end(), hash.begin(), hash.end());
  const auto digest = sha1(std::move(outer));
  return newBytes(call.js, digest.data(), digest.size());
}

constexpr Native functions[] = {
    {"decodeUtf8", native<decodeUtf8, Gives::sameAlways>},
    {"encodeUtf8", native<encodeUtf8, Gives::sameAlways>},
    {"decodeLatin1", native<decodeLatin1, Gives::sameAlways>},
    {"encodeLatin1", native<encodeLatin1, Gives::sameAlways>},
    {"hmacSha1", native<hmacSha1, Gives::sameAlways>},
};

}  // namespace

const NativeModule bytesModule = nativeModule("engine:bytes", functions);

}  // namespace engine
