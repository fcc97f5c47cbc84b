#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "../stream/transfer_win32.h"

namespace hvsock {

// One direction of a relay: the intake's bytes go to the sink, and meanwhile the intake reads on.
class Pump {
 public:
  Pump(Intake& source, std::unique_ptr<Channel> sink) : source(source), sink(std::move(sink)) {}
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // Does what it can without blocking. True if anything happened.
  bool step();
  // The sink has all of the source's bytes, and nothing follows.
  bool isDone() const { return source.isEnded() && source.size() == 0 && !writing; }
  bool sourceBroke() const { return source.error() != 0 && source.size() == 0 && !writing; }
  void addEvents(std::vector<HANDLE>& events) const;

  Intake& source;
  std::unique_ptr<Channel> sink;
  bool reads = true;
  bool writing = false;
  std::uint64_t moved = 0;
  int error = 0;  // the sink's
};

}  // namespace hvsock
