#pragma once

#if !defined(_WIN32)
#include "descriptor.h"
#endif

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>

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

// A flag that a poll can wait for. Once set it stays set until `clear`.
class Event {
 public:
  Event();
  void set() noexcept;
  void clear() noexcept;
  // Waits at most `milliseconds`; true when it is set.
  bool wait(int milliseconds) const noexcept;
#if defined(_WIN32)
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  void* handle() const { return handle_; }

 private:
  void* handle_;
#else
  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
#endif
};

// A thread that blocks all signals: the runtime handles them, and a SIGPIPE raised here ends nothing.
class Thread {
 public:
  explicit Thread(std::function<void()> body);
  // Waits for the body to end.
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // Runs `body` on a thread that nobody waits for.
  static void detached(std::function<void()> body);

 private:
  std::uintptr_t thread_;
};

}  // namespace hvsock
