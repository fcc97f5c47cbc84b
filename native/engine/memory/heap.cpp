#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../core/chunks.h"
#include "memory.h"

namespace engine {
namespace {

// Before each block stands how many bytes it has room for. The blocks themselves begin at multiples of 16.
constexpr std::size_t unit = 16;
constexpr std::size_t head = sizeof(std::size_t);

// Of blocks that have a list; what is larger is libc's.
constexpr std::size_t largest = (HeapState::fineSizes << HeapState::doublings) * unit - head;

// One of the sizes that blocks have: its list, and how much a block takes.
struct BlockSize {
  std::size_t index;
  std::size_t units;
};

// The smallest that has room for that many bytes.
BlockSize sizeFor(std::size_t bytes) {
  constexpr std::size_t fineSizes = HeapState::fineSizes;
  constexpr std::size_t steps = HeapState::steps;
  const std::size_t units = (bytes + head + unit - 1) / unit;
  if (units <= fineSizes) return {units, units};
  std::size_t step = fineSizes / steps;
  std::size_t index = fineSizes;
  while (units > 2 * steps * step) {
    step *= 2;
    index += steps;
  }
  const std::size_t count = (units + step - 1) / step;
  return {index + count - steps, count * step};
}

// The largest that needs no more than that many units.
BlockSize largestOf(std::size_t units) {
  const BlockSize size = sizeFor(units * unit - head);
  return size.units <= units ? size : sizeFor(HeapState::fineSizes * unit - head);
}

// By how many bytes it grows. A login needs one of these.
constexpr std::size_t growth = std::size_t{1} << 20;

// Of NeedsMemory: one module asks for others while it is read.
int lives = 0;

// What the engine gets if the system has no more.
void* none() {
  if (lives == 0) return nullptr;
  sayNoMemory();
  _exit(1);
}

// Memory for JavaScript's values. Only the thread of the engine uses it, so that nothing is locked, and a block that was freed
// is the next one of its size. Small blocks are never given back to the system.
class Heap {
 public:
  void* allocate(std::size_t bytes) {
    if (bytes > largest) return resizeLarge(nullptr, bytes);
    const BlockSize size = sizeFor(bytes);
    if (state_.free[size.index] != nullptr) return taken(size.index);
    void* const part = compact_ ? divided(size) : nullptr;
    return part != nullptr ? part : fresh(size.units * unit);
  }

  void* allocateZeros(std::size_t bytes) {
    const bool isFresh = bytes <= largest && !compact_ && state_.free[sizeFor(bytes).index] == nullptr;
    void* const block = allocate(bytes);
    if (block != nullptr && !isFresh) std::memset(block, 0, bytes);
    return block;
  }

  void release(void* block) {
    const std::size_t room = roomOf(block);
    if (room > largest) return std::free(startOf(block));
    if (compact_) std::memset(block, 0, room);
    keep(block, sizeFor(room).index);
  }

  void* resize(void* block, std::size_t bytes) {
    const std::size_t room = roomOf(block);
    if (room > largest && bytes > largest) return resizeLarge(block, bytes);
    if (bytes <= room && bytes > room / 2) return block;
    void* const other = allocate(bytes);
    if (other == nullptr) return nullptr;
    std::memcpy(other, block, std::min(room, bytes));
    release(block);
    return other;
  }

  void use(char* memory, std::size_t bytes) {
    state_.next = memory + unit - head;
    state_.left = bytes - unit;
  }

  void useCompact(char* memory, std::size_t bytes) {
    use(memory, bytes);
    compact_ = true;
  }

  void forUnused(std::size_t page, void (*give)(char* start, std::size_t bytes)) {
    const auto giveWithin = [&](const void* start, const void* over) {
      const std::size_t begin = alignedUp(reinterpret_cast<std::uintptr_t>(start), page);
      const std::size_t end = reinterpret_cast<std::uintptr_t>(over) / page * page;
      if (begin < end) give(reinterpret_cast<char*>(begin), end - begin);
    };
    for (HeapState::Free* block : state_.free) {
      for (; block != nullptr; block = block->next)
        giveWithin(block + 1, reinterpret_cast<char*>(block) + roomOf(block));
    }
    // In a huge page it is there all the same. It is zero, and stays so.
    giveWithin(state_.next, state_.next + state_.left);
  }

  HeapState& state() { return state_; }

  static std::size_t roomOf(const void* block) { return static_cast<const std::size_t*>(block)[-1]; }

 private:
  static std::uintptr_t alignedUp(std::uintptr_t at, std::size_t to) { return (at + to - 1) / to * to; }

  void keep(void* block, std::size_t index) {
    auto* const free = static_cast<HeapState::Free*>(block);
    free->next = state_.free[index];
    state_.free[index] = free;
  }

  void* taken(std::size_t index) {
    HeapState::Free* const block = state_.free[index];
    state_.free[index] = block->next;
    return block;
  }

  // A part of the next larger free block; what is left of that is free in blocks of other sizes. Null if there is none.
  void* divided(const BlockSize& size) {
    std::size_t index = size.index + 1;
    while (index < HeapState::sizes && state_.free[index] == nullptr) ++index;
    if (index == HeapState::sizes) return nullptr;
    char* const start = static_cast<char*>(taken(index)) - head;
    const std::size_t units = (roomOf(start + head) + head) / unit;
    for (std::size_t at = size.units; at < units;) {
      const BlockSize part = largestOf(units - at);
      keep(withRoom(start + at * unit, head, part.units * unit - head), part.index);
      at += part.units;
    }
    return withRoom(start, head, size.units * unit - head);
  }

  // Of memory that was never used, which is zero.
  void* fresh(std::size_t bytes) {
    if (state_.left < bytes) {
      auto* const more = static_cast<char*>(std::calloc(1, growth));
      if (more == nullptr) return none();
      use(more, growth);
    }
    char* const start = state_.next;
    state_.next += bytes;
    state_.left -= bytes;
    return withRoom(start, head, bytes - head);
  }

  static void* resizeLarge(void* block, std::size_t bytes) {
    if (bytes > SIZE_MAX - unit) return none();
    void* const start = std::realloc(block == nullptr ? nullptr : startOf(block), bytes + unit);
    return start == nullptr ? none() : withRoom(static_cast<char*>(start), unit, bytes);
  }

  // Where libc's block begins.
  static void* startOf(void* large) { return static_cast<char*>(large) - unit; }

  static void* withRoom(char* start, std::size_t offset, std::size_t room) {
    void* const block = start + offset;
    static_cast<std::size_t*>(block)[-1] = room;
    return block;
  }

  HeapState state_{};
  bool compact_ = false;
};

Heap heap;

[[maybe_unused]] const JSMallocFunctions functions{
    [](void*, std::size_t count, std::size_t size) -> void* {
      return size != 0 && count > SIZE_MAX / size ? nullptr : heap.allocateZeros(count * size);
    },
    [](void*, std::size_t size) { return heap.allocate(size); },
    [](void*, void* block) {
      if (block != nullptr) heap.release(block);
    },
    [](void*, void* block, std::size_t size) {
      return block == nullptr ? heap.allocate(size) : heap.resize(block, size);
    },
    [](const void* block) { return block == nullptr ? 0 : Heap::roomOf(block); },
};

}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
JSRuntime* newRuntime() { return JS_NewRuntime(); }  // they watch libc's blocks
#else
JSRuntime* newRuntime() { return JS_NewRuntime2(&functions, nullptr); }
#endif

HeapState& heapState() { return heap.state(); }

void useForHeap(char* memory, std::size_t bytes) { heap.useCompact(memory, bytes); }

void growHeap(char* memory, std::size_t bytes) { heap.use(memory, bytes); }

void forUnused(std::size_t page, void (*give)(char* start, std::size_t bytes)) { heap.forUnused(page, give); }

void sayNoMemory() {
  const std::size_t megabytes = limits.memory >> 20;
  // Into no buffer: there may be no memory for one.
  std::fprintf(stderr, "Stopped: not enough memory. It may hold %zu MB of values, if the system gives it as much (ulimit -v)\n",
               megabytes);
}

void setMemoryLimit(JSRuntime* runtime) { JS_SetMemoryLimit(runtime, limits.memory); }

NeedsMemory::NeedsMemory(JSRuntime* runtime) : runtime_(runtime) {
  if (lives++ == 0) JS_SetMemoryLimit(runtime_, 0);
}

NeedsMemory::~NeedsMemory() {
  if (--lives == 0) setMemoryLimit(runtime_);
}

}  // namespace engine
