#pragma once

#include <cstddef>
#include <cstdint>

#include "../image/image.h"
#include "value.h"

namespace engine {

// Evaluates a chunk and all that it imports: the promise of it. Throws if that failed at once.
Value evaluateChunk(JSContext* js, const char* name);
// The same of one that is not in the program: its bytecode.
Value evaluateCode(JSContext* js, const std::uint8_t* code, std::size_t size);

// An engine with the language but no eval(), and with our modules: what a program without an image begins with. Ends the
// process with a message if there is no memory for it.
Engine newEngine();

}  // namespace engine
