#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
// needs sockaddr from above
#include <linux/vm_sockets.h>

#include <algorithm>

#include "operations.h"

namespace hvsock {
namespace {

constexpr double firstPause = 1;  // milliseconds
constexpr double longestPause = 20;

// Something local answers within this many milliseconds; the reactor's thread, which waits for the rest, takes 0.3 ms to start.
constexpr int patience = 1;

// SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW, with 64-bit seconds everywhere; kernels before 5.14 have only the older option.
void limitVsockConnect(int fd, double milliseconds) {
  struct {
    std::int64_t seconds, microseconds;
  } limit{static_cast<std::int64_t>(milliseconds / 1000), static_cast<std::int64_t>(milliseconds * 1000) % 1'000'000};
  constexpr int newOption = 8;
  if (setsockopt(fd, AF_VSOCK, newOption, &limit, sizeof limit) == 0) return;
  timeval old{static_cast<time_t>(limit.seconds), static_cast<suseconds_t>(limit.microseconds)};
  // If it fails, the kernel keeps its own limit of 2 s, and ours applies too.
  setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &old, sizeof old);
}

std::shared_ptr<Socket> open(int family, double timeout) {
  Descriptor fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) throw Failure::last("socket");
  if (family == AF_VSOCK) limitVsockConnect(fd.get(), timeout);
  if (isInet(family)) {
    const int yes = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  return std::make_shared<Socket>(Socket{std::move(fd)});
}

class Connect final : public Operation {
 public:
  Connect(const SocketAddress& address, double timeout)
      : Operation("connect"), address_(address), timeout_(timeout), deadline_(after(timeout)) {}

  bool attempt(napi_env) override {
    if (!socket_) socket_ = open(address_.family(), timeout_);
    if (underWay_ ? finished(0) : begin()) return true;
    if (Clock::now() >= deadline_) throw Failure{ETIMEDOUT, syscall, {}};
    return false;
  }

  napi_value result(napi_env env) override { return Handle::create(env, std::move(socket_)); }

  std::shared_ptr<Socket> socket() const override { return socket_; }

 private:
  bool begin() {
    if (::connect(socket_->fd(), address_.get(), address_.length) == 0) return true;
    if (errno == EINPROGRESS || errno == EINTR) {
      underWay_ = true;
      wait = {{{socket_->fd(), POLLOUT, 0}}, deadline_};
      return finished(patience);
    }
    // AF_UNIX: the listener's backlog is full, and there is nothing to poll for.
    if (errno != EAGAIN || address_.family() != AF_UNIX) throw Failure::last(syscall);
    wait = {{}, std::min(deadline_, after(pause_))};
    pause_ = std::min(pause_ * 2, longestPause);
    return false;
  }

  bool finished(int milliseconds) {
    pollfd ready{socket_->fd(), POLLOUT, 0};
    if (poll(&ready, 1, milliseconds) <= 0) return false;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket_->fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) throw Failure{error, syscall, {}};
    return true;
  }

  const SocketAddress address_;
  const double timeout_;
  const Clock::time_point deadline_;
  std::shared_ptr<Socket> socket_;
  bool underWay_ = false;
  double pause_ = firstPause;
};

}  // namespace

std::shared_ptr<Operation> connecting(const SocketAddress& address, double timeout) {
  return std::make_shared<Connect>(address, timeout);
}

}  // namespace hvsock
