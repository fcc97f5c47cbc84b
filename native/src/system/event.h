#pragma once

#if !defined(_WIN32)
#include "descriptor.h"
#endif

namespace hvsock {

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

}  // namespace hvsock
