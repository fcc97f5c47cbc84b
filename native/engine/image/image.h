#pragma once

#include <quickjs.h>

#include <cstdint>

namespace engine {

// An engine with its context and the function that begins the program: all that the program is before it asks its process
// for anything. An image is the memory of it, made by the build, with a list of the pointers in it.
struct Engine {
  JSRuntime* runtime;
  JSContext* js;
  JSValue begin;
};

// That of the image, at addresses of this process; null if the program has none.
const Engine* restoreEngine();

// Whether the program has room for an image and none in it yet: then it can do nothing but write it.
bool lacksImage();
// Puts all further memory of the engine into one piece at an address, for writeImage. Call it before the engine is made.
// False if there is none.
bool collectMemory(std::uintptr_t at);
// Writes what build/engine/image.js reads to the file `path`. The engine must not be used after it. Returns an exit code.
int writeImage(const Engine& engine, const char* path);

}  // namespace engine
