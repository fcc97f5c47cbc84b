#include "pump_linux.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace hvsock {
namespace {

constexpr std::size_t spliceSize = std::size_t{1024} * 1024;
constexpr std::size_t bufferSize = std::size_t{256} * 1024;
constexpr unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
// Fewer bytes than this, such as a key that was pressed, are probably all there are: instead of asking for more, which takes
// two system calls to learn that there are none, it waits.
constexpr std::size_t few = 4096;

}  // namespace

// The kernel moves bytes between a pipe and a socket by itself.
Pump::Pump(const Stream& source, const Stream& sink)
    : source(source),
      sink(sink),
      splices_((source.kind == Stream::Kind::pipe && sink.kind == Stream::Kind::socket) ||
               (source.kind == Stream::Kind::socket && sink.kind == Stream::Kind::pipe)) {}

Pump::Step Pump::step(std::size_t most) {
  // A write to a pipe wakes its reader on this processor, splice on another one, which takes longer than few bytes are worth.
  const bool copiesFew = splices_ && sink.kind == Stream::Kind::pipe && last < few;
  return splices_ && !copiesFew && held() == 0 ? spliced(most) : copied(most);
}

Pump::Step Pump::spliced(std::size_t most) {
  ssize_t length;
  do {
    length = splice(source.fd, nullptr, sink.fd, nullptr, std::min(most, spliceSize), flags);
  } while (length < 0 && errno == EINTR);
  if (length > 0) return advanced(static_cast<std::size_t>(length));
  if (length == 0) return Step::ended;
  // It does not report which end it waits for.
  if (errno == EAGAIN) return blocked(source.ready(POLLIN) ? WaitsFor::sink : WaitsFor::source);
  if (errno == EINVAL || errno == ENOSYS) {
    // This kernel cannot do it for this kind of socket, such as AF_VSOCK before Linux 6.5.
    splices_ = false;
    return copied(most);
  }
  // Which end failed follows from what can fail: reading from a pipe never does, and EPIPE is the sink's.
  return failed(source.kind == Stream::Kind::socket && errno != EPIPE);
}

Pump::Step Pump::copied(std::size_t most) {
  if (held() == 0) {
    const std::size_t size = splices_ ? few : bufferSize;
    if (size > size_) buffer_.reset(new char[size_ = size]);
    const ssize_t length = source.receive(buffer_.get(), std::min(most, size));
    if (length == 0) return Step::ended;
    if (length < 0) return errno == EAGAIN ? blocked(WaitsFor::source) : failed(true);
    begin_ = 0;
    end_ = static_cast<std::size_t>(length);
  }
  const ssize_t length = sink.deliver(buffer_.get() + begin_, held());
  if (length < 0) return errno == EAGAIN ? blocked(WaitsFor::sink) : failed(false);
  begin_ += static_cast<std::size_t>(length);
  return advanced(static_cast<std::size_t>(length));
}

Pump::Step Pump::failed(bool bySource) {
  error = errno;
  return bySource ? Step::sourceFailed : Step::sinkFailed;
}

Pump::Step Pump::blocked(WaitsFor what) {
  waitsFor = what;
  return Step::blocked;
}

Pump::Step Pump::advanced(std::size_t length) {
  last = length;
  moved += length;
  if (length < few && held() == 0) waitsFor = WaitsFor::source;
  return Step::moved;
}

}  // namespace hvsock
