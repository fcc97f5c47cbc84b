#pragma once

#include <quickjs.h>

namespace engine {

// An engine with no context yet, or null if there is not enough memory.
JSRuntime* newRuntime();

}  // namespace engine
