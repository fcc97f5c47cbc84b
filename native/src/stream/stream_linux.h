#pragma once

#include <sys/types.h>

#include <cstddef>

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

}  // namespace hvsock
