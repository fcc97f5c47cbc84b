#pragma once

#include <quickjs.h>

namespace engine {

// Says on stderr that memory ran out, and how much the engine may hold.
void sayNoMemory();

// Sets how many bytes of values the engine may hold (build/engine/limits.js).
void setMemoryLimit(JSRuntime* runtime);

// While one lives, values may take more than the limit, and the process ends with a message if the system has no more.
class NeedsMemory {
 public:
  explicit NeedsMemory(JSRuntime* runtime);
  ~NeedsMemory();
  NeedsMemory(const NeedsMemory&) = delete;
  NeedsMemory& operator=(const NeedsMemory&) = delete;

 private:
  JSRuntime* runtime_;
};

}  // namespace engine
