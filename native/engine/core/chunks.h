#pragma once

#include <cstddef>
#include <cstdint>

namespace engine {

// A module of the bundle as bytecode. build/engine/chunks.js writes the table: without addresses, which each start would have to make.
struct Chunk {
  std::uint32_t name;  // where it lies, from chunkData on; ends with 0
  std::uint32_t code;  // the same
  std::uint32_t length;
  std::uint32_t unpacked;  // its length after unpack(), or 0 if it is not packed
};

extern "C" const std::uint8_t chunkData[];
extern "C" const Chunk chunks[];
extern const std::size_t chunkCount;

// Where the build puts the image of the engine (native/engine/image); empty if the program gets none. Begins at a page.
extern "C" const std::uint64_t imageRoom[];
extern const std::size_t imageRoomSize;

// What a peer, a tool or a file can have the engine do before the process ends with a message. build/engine/limits.js has
// the numbers, and why.
struct Limits {
  std::size_t memory;  // bytes of JavaScript's values
  std::size_t stack;   // bytes, if the system gives that many
  double turnMs;       // on the processor, for one turn of the loop
};

extern const Limits limits;

// The one that is evaluated at the start.
constexpr const char* mainChunk = "main.mjs";

// Writes the `size` bytes of which build/bundle/pack.js made `packed`. It trusts that: it is the program's own.
void unpack(const std::uint8_t* packed, std::uint8_t* bytes, std::size_t size);

}  // namespace engine
