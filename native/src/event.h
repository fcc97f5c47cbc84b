#pragma once

#include "descriptor.h"

namespace hvsock {

// A flag that a poll can wait for. Once set it stays set until `clear`.
class Event {
 public:
  Event();
  void set() noexcept;
  void clear() noexcept;
  // Waits at most `milliseconds`; true when it is set.
  bool wait(int milliseconds) const noexcept;
  int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
};

}  // namespace hvsock
