#include <algorithm>

#include "operations.h"
#include "../stream/socket_win32.h"

namespace hvsock {
namespace {

constexpr std::size_t largestPeek = Intake::capacity / 2;  // with as much, the intake still has room to read on

class Peek final : public SocketOperation {
 public:
  Peek(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout)
      : SocketOperation("recv", std::move(socket), Use::peek),
        known_(known),
        most_(std::min(most, largestPeek)),
        deadline_(after(timeout)) {}

  bool attempt(napi_env) override {
    Intake& received = this->received();
    if (received.size() <= known_ && received.size() < most_) received.advance();
    const bool more = received.size() > known_ || received.size() >= most_;
    if (more || received.isEnded() || Clock::now() >= deadline_) return true;
    if (received.error() != 0) {
      if (received.size() > 0) return true;
      throw Failure{received.error(), syscall, {}};
    }
    wait = {received.event(), deadline_};
    return false;
  }

  napi_value result(napi_env env) override {
    return toBytes(env, received().data(), std::min(received().size(), most_));
  }

 private:
  Intake& received() const { return *WindowsSocket::of(socket()).received; }

  const std::size_t known_;
  const std::size_t most_;
  const Clock::time_point deadline_;
};

}  // namespace

std::shared_ptr<Operation> peeking(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout) {
  return std::make_shared<Peek>(std::move(socket), known, most, timeout);
}

}  // namespace hvsock
