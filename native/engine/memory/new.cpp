#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

// C++'s small blocks. musl maps a page for the first block of a size and unmaps it with the last, so each text that a native function
// makes and frees cost two system calls: 26 of a login's. Sanitizers watch libc's blocks.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(_WIN32)

namespace {

constexpr std::size_t unit = 32;
constexpr std::size_t largest = 512;

struct Free {
  Free* next;
};

// Of threads too, each for a moment.
std::atomic_flag busy = ATOMIC_FLAG_INIT;
Free* blocks[largest / unit];
alignas(unit) char room[std::size_t{16} << 10];
std::size_t used = 0;

class Turn {
 public:
  Turn() {
    while (busy.test_and_set(std::memory_order_acquire)) {
    }
  }
  ~Turn() { busy.clear(std::memory_order_release); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
};

std::size_t sizeOf(std::size_t bytes) { return bytes == 0 ? 0 : (bytes - 1) / unit; }

// Null if the room is used up.
void* small(std::size_t index) {
  const Turn turn;
  if (Free* const block = blocks[index]; block != nullptr) {
    blocks[index] = block->next;
    return block;
  }
  const std::size_t bytes = (index + 1) * unit;
  if (sizeof room - used < bytes + unit) return nullptr;
  char* const start = room + used;
  used += bytes + unit;
  *reinterpret_cast<std::size_t*>(start) = index;
  return start + unit;
}

bool isSmall(const void* block) { return block >= room && block < room + sizeof room; }

}  // namespace

void* operator new(std::size_t bytes) {
  void* block = bytes <= largest ? small(sizeOf(bytes)) : nullptr;
  if (block == nullptr) block = std::malloc(bytes == 0 ? 1 : bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void operator delete(void* block) noexcept {
  if (!isSmall(block)) return std::free(block);
  const std::size_t index = *reinterpret_cast<std::size_t*>(static_cast<char*>(block) - unit);
  const Turn turn;
  auto* const free = static_cast<Free*>(block);
  free->next = blocks[index];
  blocks[index] = free;
}

void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

#endif
