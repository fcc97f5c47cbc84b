#include <algorithm>

#include "functions.h"
#include "socket_win32.h"

namespace hvsock {
namespace {

constexpr std::size_t largestPeek = Intake::capacity / 2;  // with as much, the intake still has room to read on

class Peek final : public Operation {
 public:
  Peek(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout)
      : Operation("recv"),
        claim_(std::move(socket), Use::peek, syscall),
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

  std::shared_ptr<Socket> socket() const override { return claim_.socket(); }

 private:
  Intake& received() const { return *WindowsSocket::of(claim_.socket()).received; }

  const Claim claim_;
  const std::size_t known_;
  const std::size_t most_;
  const Clock::time_point deadline_;
};

}  // namespace

napi_value peek(Call& call) {
  auto socket = call.socket(0);
  const double known = call.number(1, "known", 0, UINT32_MAX);
  const double most = call.number(2, "max", 1, UINT32_MAX);
  const double timeout = call.number(3, "timeoutMs", 0, largestDelay);
  return Instance::of(call.env).pending(std::make_shared<Peek>(
      std::move(socket), static_cast<std::size_t>(known), static_cast<std::size_t>(most), timeout));
}

}  // namespace hvsock
