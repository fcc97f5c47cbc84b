#pragma once

#include <cstddef>
#include <cstdint>

#include "value.h"

namespace engine {

// Finds modules by their names: chunks of the bundle, and the native modules, whose names begin with "engine:".
void useModules(JSRuntime* runtime);

// Evaluates a chunk and all that it imports: the promise of it. Throws if that failed at once.
Value evaluateChunk(JSContext* js, const char* name);
// The same of one that is not in the program: its bytecode.
Value evaluateCode(JSContext* js, const std::uint8_t* code, std::size_t size);

}  // namespace engine
