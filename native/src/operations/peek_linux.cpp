#include <sys/socket.h>

#include <algorithm>

#include "operations.h"
#include "../stream/stream_linux.h"

namespace hvsock {
namespace {

constexpr double pause = 10;  // milliseconds
constexpr std::size_t largestPeek = std::size_t{256} * 1024;

class Peek final : public SocketOperation {
 public:
  Peek(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout)
      : SocketOperation("recv", std::move(socket), Use::peek),
        known_(known),
        buffer_(std::min(most, largestPeek)),
        deadline_(after(timeout)) {}

  bool attempt(napi_env) override {
    // Must be asked first: what is there afterwards is all that will come.
    pollfd end{fd(), POLLRDHUP, 0};
    const bool ended = poll(&end, 1, 0) > 0;
    ssize_t length;
    do {
      length = recv(end.fd, buffer_.data(), buffer_.size(), MSG_PEEK | MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    const int error = length < 0 ? receiveError(end.fd, errno) : 0;
    if (error != 0 && error != EAGAIN) throw Failure{error, syscall, {}};
    length_ = static_cast<std::size_t>(std::max<ssize_t>(length, 0));
    const bool enough = length_ > known_ || length_ == buffer_.size();
    if (ended || enough || (error == 0 && length_ == 0) || Clock::now() >= deadline_) return true;
    if (length_ == 0) {
      wait = {{{end.fd, POLLIN | POLLRDHUP, 0}}, deadline_};
    } else {
      // The socket stays readable now, so further bytes have to be polled for.
      wait = {{{end.fd, POLLRDHUP, 0}}, std::min(deadline_, after(pause))};
    }
    return false;
  }

  napi_value result(napi_env env) override { return toBytes(env, buffer_.data(), length_); }

 private:
  const std::size_t known_;
  std::vector<char> buffer_;
  std::size_t length_ = 0;
  const Clock::time_point deadline_;
};

}  // namespace

std::shared_ptr<Operation> peeking(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout) {
  return std::make_shared<Peek>(std::move(socket), known, most, timeout);
}

}  // namespace hvsock
