#pragma once

#include <cstdint>
#include <memory>

#include "../stream/stream_linux.h"

namespace hvsock {

// One direction of a relay.
class Pump {
 public:
  enum class Step {
    moved,         // `last` bytes went to the sink
    blocked,       // see `waitsFor`
    ended,         // the source ended, and the sink has all of it
    sourceFailed,  // with `error`; the sink has all that came before
    sinkFailed,    // with `error`
  };
  enum class WaitsFor { nothing, source, sink };

  Pump(const Stream& source, const Stream& sink);

  // Moves bytes once, without blocking; takes at most `most` from the source.
  Step step(std::size_t most);
  // Bytes taken from the source that the sink has not accepted yet.
  std::size_t held() const { return end_ - begin_; }

  const Stream source;
  const Stream sink;
  WaitsFor waitsFor = WaitsFor::nothing;
  std::uint64_t moved = 0;
  std::size_t last = 0;
  int error = 0;

 private:
  Step spliced(std::size_t most);
  Step copied(std::size_t most);
  Step failed(bool bySource);
  Step blocked(WaitsFor what);
  Step advanced(std::size_t length);

  bool splices_;
  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace hvsock
