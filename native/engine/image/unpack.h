#pragma once

#include <cstddef>
#include <cstdint>

namespace engine {

// Writes the `size` bytes of which build/bundle/pack.js made `packed`. It trusts that: it is the program's own.
void unpack(const std::uint8_t* packed, std::uint8_t* bytes, std::size_t size);

}  // namespace engine
