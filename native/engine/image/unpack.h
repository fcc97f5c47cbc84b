#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace engine {

// What build/bundle/pack.js made of `size` bytes. It trusts them: they are the program's own.
std::vector<std::uint8_t> unpack(const std::uint8_t* packed, std::size_t size);

}  // namespace engine
