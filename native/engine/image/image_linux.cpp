#include "image.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>

#include "../core/chunks.h"
#include "../memory/memory.h"
#include "process_state.h"

// Where the program is in memory, from the linker.
extern "C" const char __ehdr_start[], _end[];

namespace engine {
namespace {

// Any word of the memory, whatever else it is.
using Word [[gnu::may_alias]] = std::uint64_t;
constexpr std::size_t wordBits = 64;

// Lies in the memory itself.
struct Saved {
  Engine engine;
  HeapState heap;
};

// What build/engine/image.js writes into the room. After it come two lists (Run) of words of the memory: those that are relative to
// it, and those that are to the program.
struct Header {
  Word mark[2];
  Word words;  // of the memory, a multiple of 64; 0: no image yet
  Word saved;  // where it lies, in bytes
  Word start;  // where the memory is in the room, in bytes
};

// Some words of a list; one of none ends it.
struct Run {
  std::uint32_t first;    // the index of the first one
  std::uint32_t count;
  std::uint8_t steps[];  // to each from the one before it
};

constexpr int populateWrite = 23;  // MADV_POPULATE_WRITE, which older headers lack

// The kernel takes one page of this size, if it has one, in a twentieth of the time of the small ones in its place.
constexpr std::size_t hugePage = std::size_t{2} << 20;

const Header& header() { return *reinterpret_cast<const Header*>(imageRoom); }

// So many bytes of memory, and as a page comes to no less, all of it. Of small pages, those of `used` bytes are made at once, which
// takes less time than one by one; before Linux 5.14 at the first write.
char* hugeMemory(std::size_t bytes, std::size_t used) {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const memory = mmap(nullptr, bytes + hugePage, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  char* const start = static_cast<char*>(memory) + -reinterpret_cast<std::uintptr_t>(memory) % hugePage;
  madvise(start, bytes, MADV_HUGEPAGE);
  madvise(start, used, populateWrite);
  // What is given back later is not to be made one huge page again.
  madvise(start, bytes, MADV_NOHUGEPAGE);
  return start;
}

constexpr int unrolled = 8;

// Adds the base to the words of a list; returns what follows that.
const void* relocate(Word* words, const void* list, Word base) {
  for (;;) {
    const auto& run = *static_cast<const Run*>(list);
    const std::uint8_t* step = run.steps;
    const std::uint8_t* const end = step + run.count;
    list = step + (run.count + 3) / 4 * 4;
    if (step == end) return list;
    Word* word = words + run.first;
    for (; end - step >= unrolled; step += unrolled) {
#pragma GCC unroll 8
      for (int i = 0; i < unrolled; ++i) *(word += step[i]) += base;
    }
    for (; step != end; ++step) *(word += *step) += base;
  }
}

Word address(const void* at) { return reinterpret_cast<std::uintptr_t>(at); }

// All memory of the engine whose image is made.
char* collected = nullptr;
constexpr std::size_t collectable = std::size_t{16} << 20;

}  // namespace

// Nearly each page has pointers, which become addresses: so all of it is copied. What is left of the pages is the heap's.
const Engine* restoreEngine() {
  const Header& room = header();
  if (room.words == 0) return nullptr;
  const std::size_t bytes = room.words * sizeof(Word);
  const std::size_t all = (bytes + hugePage / 4 + hugePage - 1) / hugePage * hugePage;
  char* const memory = hugeMemory(all, bytes);
  auto* const words = reinterpret_cast<Word*>(memory);
  std::memcpy(words, imageRoom + room.start / sizeof(Word), bytes);
  const void* const ofProgram = relocate(words, &room + 1, address(words));
  relocate(words, ofProgram, address(__ehdr_start));
  const auto* const saved = reinterpret_cast<const Saved*>(words + room.saved / sizeof(Word));
  heapState() = saved->heap;
  growHeap(memory + bytes, all - bytes);
  enterProcess(saved->engine.js, address(words));
  return &saved->engine;
}

bool lacksImage() { return imageRoomSize > sizeof(Header) && header().words == 0; }

bool collectMemory(std::uintptr_t at) {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  void* const memory = mmap(reinterpret_cast<void*>(at), collectable, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) return false;
  collected = static_cast<char*>(memory);
  useForHeap(collected, collectable);
  return true;
}

int writeImage(const Engine& engine, const char* path) {
  auto* const saved = static_cast<Saved*>(js_malloc_rt(engine.runtime, sizeof(Saved)));
  JS_RunGC(engine.runtime);
  leaveProcess(engine.js, address(collected));
  constexpr std::size_t whole = wordBits * sizeof(Word);
  HeapState& heap = heapState();
  const auto used = static_cast<std::size_t>(heap.next - collected);
  const std::size_t bytes = (used + whole - 1) / whole * whole;
  heap.next = nullptr;
  heap.left = 0;
  *saved = {engine, heap};
  const Word head[] = {address(collected), bytes, address(__ehdr_start), address(_end), address(saved) - address(collected)};
  std::FILE* const file = std::fopen(path, "wb");
  const bool complete = file != nullptr && std::fwrite(head, sizeof head, 1, file) == 1 &&
                        std::fwrite(collected, bytes, 1, file) == 1 && std::fclose(file) == 0;
  if (!complete) std::perror(path);
  return complete ? 0 : 1;
}

}  // namespace engine
