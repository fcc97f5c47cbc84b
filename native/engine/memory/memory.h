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

// Gives back to the system what a program that only waits does not need (Linux).
void rest(JSRuntime* runtime);

// Unmaps what has been used of this program's file: around each page the kernel maps 15 more, which count as this process's
// memory. What is needed again comes back from the page cache. Written pages stay.
void dropProgramPages();

// Bytes of the stack below this call that JavaScript may take, so that some are left for the functions that it calls.
std::size_t stackLeft();

}  // namespace engine
