#include "no_memory.h"

#include <unistd.h>

#include <cstddef>
#include <cstdio>

#include "../core/chunks.h"
#include "heap.h"

namespace engine {
namespace {

// One module asks for others while it is read.
int lives = 0;

[[noreturn]] void end() {
  sayNoMemory();
  _exit(1);
}

}  // namespace

void sayNoMemory() {
  const std::size_t megabytes = limits.memory >> 20;
  // Into no buffer: there may be no memory for one.
  std::fprintf(stderr, "Stopped: not enough memory. It may hold %zu MB of values, if the system gives it as much (ulimit -v)\n",
               megabytes);
}

void setMemoryLimit(JSRuntime* runtime) { JS_SetMemoryLimit(runtime, limits.memory); }

NeedsMemory::NeedsMemory(JSRuntime* runtime) : runtime_(runtime) {
  if (lives++ > 0) return;
  JS_SetMemoryLimit(runtime_, 0);
  whenOutOfMemory(end);
}

NeedsMemory::~NeedsMemory() {
  if (--lives > 0) return;
  whenOutOfMemory(nullptr);
  setMemoryLimit(runtime_);
}

}  // namespace engine
