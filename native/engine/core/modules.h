#pragma once

#include "value.h"

namespace engine {

// Finds modules by their names: chunks of the bundle, and the native modules, whose names begin with "engine:".
void useModules(JSRuntime* runtime);

// Evaluates a chunk and all that it imports: the promise of it. Throws if that failed at once.
Value evaluateChunk(JSContext* js, const char* name);

}  // namespace engine
