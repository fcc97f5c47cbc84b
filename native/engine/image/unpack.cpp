#include "../core/chunks.h"

#include <algorithm>

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

void unpack(const std::uint8_t* packed, std::uint8_t* bytes, std::size_t size) {
  const std::uint8_t* const end = bytes + size;
  for (;;) {
    const std::size_t counts = *packed++;
    const std::size_t asTheyAre = countOf(counts >> 4, packed);
    bytes = std::copy_n(packed, asTheyAre, bytes);
    packed += asTheyAre;
    if (bytes == end) return;
    const std::size_t distance = packed[0] | packed[1] << 8;
    packed += 2;
    // One by one: what is copied may be what was just copied.
    const std::uint8_t* from = bytes - distance;
    for (std::size_t left = countOf(counts & 15, packed) + 4; left > 0; --left) *bytes++ = *from++;
  }
}

}  // namespace engine
