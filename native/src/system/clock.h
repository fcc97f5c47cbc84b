#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace hvsock {

using Clock = std::chrono::steady_clock;

constexpr Clock::time_point never = Clock::time_point::max();

inline Clock::time_point after(double milliseconds, Clock::time_point start = Clock::now()) {
  return start + std::chrono::microseconds(static_cast<std::int64_t>(milliseconds * 1000));
}

// For poll: rounded up, so that it does not wake too early and spin; -1 for `never`.
inline int millisecondsUntil(Clock::time_point until) {
  if (until == never) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

}  // namespace hvsock
