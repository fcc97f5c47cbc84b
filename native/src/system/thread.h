#pragma once

#include <cstdint>
#include <functional>

namespace hvsock {

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
