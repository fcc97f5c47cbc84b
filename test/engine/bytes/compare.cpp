// Compares native/engine/musl/bytes.cpp, compiled under other names, with libc's functions: the same bytes, and none beside.
#include <cstdio>
#include <cstring>
#include <random>

extern "C" {
void* ownMemcpy(void* to, const void* from, std::size_t length);
void* ownMemmove(void* to, const void* from, std::size_t length);
void* ownMemset(void* to, int value, std::size_t length);
int ownMemcmp(const void* left, const void* right, std::size_t length);
}

namespace {

constexpr std::size_t size = 8192;
unsigned char expected[size];
unsigned char bytes[size];

int sign(int number) { return (number > 0) - (number < 0); }

bool isSame(const char* name, std::size_t to, std::size_t from, std::size_t length) {
  if (std::memcmp(expected, bytes, size) == 0) return true;
  std::printf("%s: to %zu from %zu, %zu bytes\n", name, to, from, length);
  return false;
}

// All distances and lengths near the borders between ways, then random ones.
bool compare(std::size_t to, std::size_t from, std::size_t length) {
  std::memmove(expected + to, expected + from, length);
  if (ownMemmove(bytes + to, bytes + from, length) != bytes + to || !isSame("memmove", to, from, length)) return false;
  const std::size_t apart = size / 2 + to;
  std::memcpy(expected + apart, expected + from, length);
  if (ownMemcpy(bytes + apart, bytes + from, length) != bytes + apart || !isSame("memcpy", apart, from, length)) return false;
  const int order = std::memcmp(bytes + to, bytes + from, length);
  if (sign(ownMemcmp(bytes + to, bytes + from, length)) != sign(order)) return std::puts("memcmp") < 0;
  const int value = static_cast<int>(to + length);
  std::memset(expected + to, value, length);
  return ownMemset(bytes + to, value, length) == bytes + to && isSame("memset", to, 0, length);
}

}  // namespace

int main() {
  std::mt19937 random(1);
  for (std::size_t i = 0; i < size; ++i) expected[i] = bytes[i] = static_cast<unsigned char>(random());
  for (std::size_t length = 0; length < 140; ++length) {
    for (std::size_t to = 200; to < 300; ++to) {
      if (!compare(to, 250, length)) return 1;
    }
  }
  for (int i = 0; i < 50'000; ++i) {
    const std::size_t length = random() % 1500;
    expected[random() % size] ^= 1;
    std::memcpy(bytes, expected, size);
    if (!compare(random() % 2000, random() % 2000, length)) return 1;
  }
}
