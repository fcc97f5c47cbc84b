#include "stream_linux.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "../system/descriptor.h"
#include "../system/failure.h"

// Not every libc has pwritev2, and what belongs to it.
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

namespace hvsock {
namespace {

constexpr int pipeSize = 1024 * 1024;  // what /proc/sys/fs/pipe-max-size allows everybody
constexpr std::size_t terminalChunk = 4096;

Stream::Kind kindOf(int fd) {
  if (fcntl(fd, F_GETFD) < 0) throw Failure{EBADF, "relay", "descriptor " + std::to_string(fd) + " is not open"};
  // Tried one by one, since fstat would need glibc 2.33.
  int type = 0;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0) return Stream::Kind::socket;
  if (fcntl(fd, F_GETPIPE_SZ) >= 0) return Stream::Kind::pipe;
  return isatty(fd) || errno == EIO ? Stream::Kind::terminal : Stream::Kind::other;  // EIO: one that hung up
}

template <typename Call>
ssize_t retried(Call call) {
  ssize_t result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

ssize_t wouldBlock() {
  errno = EAGAIN;
  return -1;
}

}  // namespace

int receiveError(int socket, int error) {
  int own = 0;
  socklen_t size = sizeof own;
  if (error != ENOTCONN || getsockopt(socket, SOL_SOCKET, SO_ERROR, &own, &size) != 0) return error;
  return own;
}

Stream::Stream(int fd, AtEnd atEnd) : fd(fd), kind(kindOf(fd)), atEnd_(atEnd) {
  if (kind == Kind::pipe && fcntl(fd, F_GETPIPE_SZ) < pipeSize) fcntl(fd, F_SETPIPE_SZ, pipeSize);
}

ssize_t Stream::receive(void* to, std::size_t most) const {
  if (kind == Kind::socket) return retried([&] { return recv(fd, to, most, MSG_DONTWAIT); });
  if (!ready(POLLIN)) return wouldBlock();
  return retried([&] { return read(fd, to, most); });
}

ssize_t Stream::deliver(const void* from, std::size_t length) const {
  if (kind == Kind::socket) return retried([&] { return send(fd, from, length, MSG_DONTWAIT | MSG_NOSIGNAL); });
  if (kind == Kind::pipe) return writePipe(from, length);
  if (!ready(POLLOUT)) return wouldBlock();
  const std::size_t chunk = kind == Kind::terminal ? std::min(length, terminalChunk) : length;
  return retried([&] { return write(fd, from, chunk); });
}

// Pipes support RWF_NOWAIT since Linux 6.4. Before, poll promises room for PIPE_BUF bytes.
ssize_t Stream::writePipe(const void* from, std::size_t length) const {
  const iovec data{const_cast<void*>(from), length};
  const ssize_t written = retried([&] { return syscall(SYS_pwritev2, fd, &data, 1, -1L, -1L, RWF_NOWAIT); });
  if (written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS)) return written;
  if (!ready(POLLOUT)) return wouldBlock();
  return retried([&] { return write(fd, from, std::min<std::size_t>(length, PIPE_BUF)); });
}

bool Stream::ready(short events) const {
  pollfd set{fd, events, 0};
  return poll(&set, 1, 0) > 0;
}

std::size_t Stream::accepted() const {
  int bytes = 0;
  if (kind != Kind::socket && kind != Kind::pipe) return 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

void Stream::end() const {
  if (kind == Kind::socket) {
    shutdown(fd, SHUT_WR);
    return;
  }
  if (atEnd_ == AtEnd::closes) {
    close(fd);
    return;
  }
  const Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null.get() < 0) throw Failure::last("open");
  const int flags = fcntl(fd, F_GETFD);
  const int closeOnExec = flags >= 0 && (flags & FD_CLOEXEC) ? O_CLOEXEC : 0;
  if (dup3(null.get(), fd, closeOnExec) < 0) throw Failure::last("dup3");
}

}  // namespace hvsock

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
