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

// What build/engine/image.js writes into the room. After it come two lists with a bit for each word of the memory: whether it is
// relative to it, and whether to the program; and from the next page on the memory.
struct Header {
  Word mark[2];
  Word words;  // of the memory, a multiple of 64; 0: no image yet
  Word saved;  // where it lies, in bytes
};

constexpr std::size_t page = 4096;  // as in build/engine/chunks.js

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

void relocate(Word* words, const Word* bits, std::size_t count, Word base) {
  for (std::size_t i = 0; i < count / wordBits; ++i, words += wordBits) {
    for (Word left = bits[i]; left != 0; left &= left - 1) words[__builtin_ctzll(left)] += base;
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
  const std::size_t list = room.words / wordBits;
  const Word* const ofMemory = imageRoom + sizeof(Header) / sizeof(Word);
  const Word* const ofProgram = ofMemory + list;
  const std::size_t before = (ofProgram + list - imageRoom) * sizeof(Word);
  const std::size_t bytes = room.words * sizeof(Word);
  const std::size_t all = (bytes + hugePage / 4 + hugePage - 1) / hugePage * hugePage;
  char* const memory = hugeMemory(all, bytes);
  auto* const words = reinterpret_cast<Word*>(memory);
  std::memcpy(words, imageRoom + (before + page - 1) / page * (page / sizeof(Word)), bytes);
  relocate(words, ofMemory, room.words, address(words));
  relocate(words, ofProgram, room.words, address(__ehdr_start));
  const auto* const saved = reinterpret_cast<const Saved*>(words + room.saved / sizeof(Word));
  heapState() = saved->heap;
  growHeap(memory + bytes, all - bytes);
  enterProcess(saved->engine.js);
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
