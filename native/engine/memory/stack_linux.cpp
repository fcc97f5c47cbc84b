#include <sys/auxv.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

#include "stack.h"

namespace engine {
namespace {

// For what natives, the addon and libc take on top of JavaScript.
constexpr std::size_t reserve = std::size_t{192} << 10;
// Less than this does not evaluate the program.
constexpr std::size_t least = std::size_t{64} << 10;

}  // namespace

// The kernel lays out arguments and the environment, up to a quarter of the stack, above what was called so far; the name
// of the program is the uppermost.
std::size_t stackLeft() {
  rlimit limit{};
  if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  const auto here = reinterpret_cast<std::uintptr_t>(&limit);
  const auto top = static_cast<std::uintptr_t>(getauxval(AT_EXECFN));
  const std::size_t taken = (top > here ? top - here : 0) + reserve;
  return std::max(least, limit.rlim_cur > taken ? static_cast<std::size_t>(limit.rlim_cur) - taken : 0);
}

}  // namespace engine
