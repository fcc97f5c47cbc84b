#pragma once

#include <sys/types.h>

#include <cstddef>

namespace hvsock {

// What an error of recv(2) means; 0: end-of-file. AF_VSOCK has ENOTCONN if both sides ended before that was read, and the
// socket's own error tells whether the machine died (__vsock_connectible_recvmsg in the kernel's af_vsock.c).
int receiveError(int socket, int error);

// One end of a relay. None of its calls blocks, even where the descriptor is in blocking mode, but for a terminal or a
// file that takes its time. O_NONBLOCK is never touched: other processes may share the description.
class Stream {
 public:
  enum class Kind { socket, pipe, terminal, other };

  explicit Stream(int fd);

  // As read and write; -1 with EAGAIN where they would block.
  ssize_t receive(void* to, std::size_t most) const;
  ssize_t deliver(const void* from, std::size_t length) const;

  // Whether poll tells of any of `events`, or of a hang-up or an error, right now.
  bool ready(short events) const;
  // Bytes that were accepted by a pipe or a socket and not read yet; 0 for other kinds.
  std::size_t accepted() const;
  // Tells the reader that nothing follows. The descriptor stays valid.
  void end() const;

  const int fd;
  const Kind kind;

 private:
  ssize_t writePipe(const void* from, std::size_t length) const;
};

}  // namespace hvsock
