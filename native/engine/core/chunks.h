#pragma once

#include <cstddef>
#include <cstdint>

namespace engine {

// A module of the bundle as bytecode. build/engine/chunks.js writes the table.
struct Chunk {
  const char* name;
  const std::uint8_t* code;
  const std::uint8_t* end;
};

extern const Chunk chunks[];
extern const std::size_t chunkCount;

// The one that is evaluated at the start.
constexpr const char* mainChunk = "main.mjs";

}  // namespace engine
