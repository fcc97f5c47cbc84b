#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/chunks.h"

// SIZE: prints what was packed into stdin.
int main(int, char** words) {
  std::vector<std::uint8_t> packed;
  for (int byte = std::getchar(); byte != EOF; byte = std::getchar()) packed.push_back(static_cast<std::uint8_t>(byte));
  std::vector<std::uint8_t> bytes(std::strtoul(words[1], nullptr, 10));
  engine::unpack(packed.data(), bytes.data(), bytes.size());
  return bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() ? 0 : 1;
}
