#include "../../memory/stack.h"

#include <windows.h>

namespace engine {
namespace {

// For what natives, the addon and the system take on top of JavaScript.
constexpr std::size_t reserve = std::size_t{256} << 10;

}  // namespace

std::size_t stackLeft() {
  ULONG_PTR lowest = 0;
  ULONG_PTR highest = 0;
  GetCurrentThreadStackLimits(&lowest, &highest);
  const std::size_t left = reinterpret_cast<ULONG_PTR>(&lowest) - lowest;
  return left > reserve ? left - reserve : 0;
}

}  // namespace engine
