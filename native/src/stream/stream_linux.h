#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace hvsock {

// What an error of recv(2) means; 0: end-of-file. AF_VSOCK has ENOTCONN if both sides ended before that was read, and the
// socket's own error shows whether the machine died (__vsock_connectible_recvmsg in the kernel's af_vsock.c).
int receiveError(int socket, int error);

// One end of a relay. None of its calls blocks, even if the descriptor is in blocking mode, except on a terminal or a
// slow file. O_NONBLOCK is never changed: other processes may share the description.
class Stream {
 public:
  enum class Kind { socket, pipe, terminal, other };

  // What becomes of the descriptor when it ends. Where other threads open files, its number must not become free.
  enum class AtEnd { staysOpen, closes };

  explicit Stream(int fd, AtEnd atEnd = AtEnd::staysOpen);

  // Like read and write; -1 with EAGAIN if they would block.
  ssize_t receive(void* to, std::size_t most) const;
  ssize_t deliver(const void* from, std::size_t length) const;

  // Whether poll reports any of `events`, a hang-up or an error right now.
  bool ready(short events) const;
  // Bytes that a pipe or socket accepted and that are not read yet; 0 for other kinds.
  std::size_t accepted() const;
  // Signals the reader that nothing follows. A socket stays open.
  void end() const;

  const int fd;
  const Kind kind;

 private:
  ssize_t writePipe(const void* from, std::size_t length) const;

  const AtEnd atEnd_;
};

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
