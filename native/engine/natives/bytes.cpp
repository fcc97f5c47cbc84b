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

// The state of a hash with blocks of 64 bytes: 32-bit words, big-endian.
template <std::size_t words>
using State = std::array<std::uint32_t, words>;

std::uint32_t rotated(std::uint32_t word, int left) { return word << left | word >> (32 - left); }

std::uint32_t wordAt(const std::uint8_t* block, int t) {
  return static_cast<std::uint32_t>(block[4 * t]) << 24 | block[4 * t + 1] << 16 | block[4 * t + 2] << 8 | block[4 * t + 3];
}

template <std::size_t words>
std::vector<std::uint8_t> digestOf(State<words> state, void (*addBlock)(State<words>&, const std::uint8_t*),
                                   std::vector<std::uint8_t> bytes) {
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  bytes.push_back(0x80);
  while (bytes.size() % 64 != 56) bytes.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(bits >> shift));
  for (std::size_t at = 0; at < bytes.size(); at += 64) addBlock(state, bytes.data() + at);
  std::vector<std::uint8_t> digest;
  for (const std::uint32_t word : state)
    for (int shift = 24; shift >= 0; shift -= 8) digest.push_back(static_cast<std::uint8_t>(word >> shift));
  return digest;
}

// RFC 3174, 6.1.
void addSha1(State<5>& state, const std::uint8_t* block) {
  std::uint32_t w[80];
  for (int t = 0; t < 16; ++t) w[t] = wordAt(block, t);
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

std::vector<std::uint8_t> sha1(std::vector<std::uint8_t> bytes) {
  return digestOf<5>({0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, addSha1, std::move(bytes));
}

// RFC 6234, 5.1 and 6.2.
constexpr std::uint32_t sha256Constants[] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

void addSha256(State<8>& state, const std::uint8_t* block) {
  std::uint32_t w[64];
  for (int t = 0; t < 16; ++t) w[t] = wordAt(block, t);
  for (int t = 16; t < 64; ++t) {
    const std::uint32_t first = rotated(w[t - 15], 25) ^ rotated(w[t - 15], 14) ^ w[t - 15] >> 3;
    const std::uint32_t second = rotated(w[t - 2], 15) ^ rotated(w[t - 2], 13) ^ w[t - 2] >> 10;
    w[t] = w[t - 16] + first + w[t - 7] + second;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (int t = 0; t < 64; ++t) {
    const std::uint32_t chosen = (rotated(e, 26) ^ rotated(e, 21) ^ rotated(e, 7)) + ((e & f) ^ (~e & g));
    const std::uint32_t one = h + chosen + sha256Constants[t] + w[t];
    const std::uint32_t two = (rotated(a, 30) ^ rotated(a, 19) ^ rotated(a, 10)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + one;
    d = c;
    c = b;
    b = a;
    a = one + two;
  }
  const std::uint32_t sums[] = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) state[i] += sums[i];
}

// The lines of a thousand machines are a megabyte, for which the engine takes half a second.
JSValue sha256(Call& call) {
  const auto [data, length] = call.bytes(0);
  const State<8> start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto digest = digestOf<8>(start, addSha256, {data, data + length});
  return newBytes(call.js, digest.data(), digest.size());
}

// RFC 2104. A known_hosts file has a thousand hashed names, and the engine takes a quarter of a millisecond for each.
JSValue hmacSha1(Call& call) {
  const auto [keyData, keyLength] = call.bytes(0);
  const auto [data, length] = call.bytes(1);
  std::vector<std::uint8_t> key(keyData, keyData + keyLength);
  if (key.size() > 64) {
    key = sha1(std::move(key));
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
    {"sha256", native<sha256, Gives::sameAlways>},
    {"hmacSha1", native<hmacSha1, Gives::sameAlways>},
};

}  // namespace

const NativeModule bytesModule = nativeModule("engine:bytes", functions);

}  // namespace engine
