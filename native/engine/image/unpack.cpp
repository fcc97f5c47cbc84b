#include "unpack.h"

namespace engine {
namespace {

// A count whose first four bits are `nibble`.
std::size_t countOf(std::size_t nibble, const std::uint8_t*& packed) {
  if (nibble < 15) return nibble;
  std::size_t count = nibble;
  while (*packed == 255) count += *packed++;
  return count + *packed++;
}

}  // namespace

std::vector<std::uint8_t> unpack(const std::uint8_t* packed, std::size_t size) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(size);
  for (;;) {
    const std::size_t counts = *packed++;
    const std::size_t asTheyAre = countOf(counts >> 4, packed);
    bytes.insert(bytes.end(), packed, packed + asTheyAre);
    packed += asTheyAre;
    if (bytes.size() >= size) return bytes;
    const std::size_t distance = packed[0] | packed[1] << 8;
    packed += 2;
    // It may overlap what it makes, and there is room: no iterator moves.
    const std::size_t length = countOf(counts & 15, packed) + 4;
    for (std::size_t i = 0; i < length; ++i) bytes.push_back(bytes[bytes.size() - distance]);
  }
}

}  // namespace engine
