#pragma once

#include <quickjs.h>

namespace engine {

// Finds modules by their names: chunks of the bundle, and the native modules, whose names begin with "engine:".
void useModules(JSRuntime* runtime);

// Evaluates a chunk and all that it imports. Throws where that failed at once.
void evaluateChunk(JSContext* js, const char* name);

}  // namespace engine
