#pragma once

#include <quickjs.h>

#include <cstddef>

namespace engine {

// What the heap knows of its memory.
struct HeapState {
  struct Free {
    Free* next;
  };

  // There is a list of free blocks for each size: the multiples of 16 up to 5 kB, since the engine asks for 4 kB and divides
  // them, then four sizes for each doubling, up to 80 kB. What is larger is libc's.
  static constexpr std::size_t fineSizes = 320;
  static constexpr std::size_t steps = 4;
  static constexpr std::size_t doublings = 4;
  static constexpr std::size_t sizes = fineSizes + steps * doublings + 1;

  Free* free[sizes];
  // Never used yet, and zero.
  char* next;
  std::size_t left;
};

// An engine with no context yet, or null if there is not enough memory.
JSRuntime* newRuntime();

HeapState& heapState();
// Lets it take its next blocks from this memory, which is zero. To need little of it, it divides larger free blocks first; all
// that is free is filled with zeros.
void useForHeap(char* memory, std::size_t bytes);

// The memory, which is zero, from which it takes new blocks before it asks for more.
void growHeap(char* memory, std::size_t bytes);

// Calls `give` with the whole pages of free blocks, and of what was never used: they may become zero.
void forUnused(std::size_t page, void (*give)(char* start, std::size_t bytes));

// Is called when the system has no more memory, before the engine hears of it; null for nothing.
void whenOutOfMemory(void (*call)());

}  // namespace engine
