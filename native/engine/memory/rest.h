#pragma once

#include <quickjs.h>

namespace engine {

// Gives back to the system what a program that only waits does not need (Linux).
void rest(JSRuntime* runtime);

// Unmaps what has been used of this program's file: around each page the kernel maps 15 more, which count as this process's
// memory. What is needed again comes back from the page cache. Written pages stay.
void dropProgramPages();

}  // namespace engine
