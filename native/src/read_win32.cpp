#include <algorithm>

#include "functions.h"
#include "socket_win32.h"

namespace hvsock {
namespace {

class Read final : public Operation {
 public:
  Read(std::shared_ptr<Socket> socket, std::size_t most)
      : Operation("recv"), claim_(std::move(socket), Use::read, syscall), most_(most) {}

  bool attempt(napi_env env) override {
    Intake& received = *WindowsSocket::of(claim_.socket()).received;
    if (received.size() == 0) received.advance();
    const std::size_t length = std::min(received.size(), most_);
    if (length == 0 && received.error() != 0) throw Failure{received.error(), syscall, {}};
    if (length == 0 && !received.isEnded()) {
      wait = {received.event()};
      return false;
    }
    bytes_ = toBytes(env, received.data(), length);
    received.take(length);
    return true;
  }

  napi_value result(napi_env) override { return bytes_; }

  std::shared_ptr<Socket> socket() const override { return claim_.socket(); }

 private:
  const Claim claim_;
  const std::size_t most_;
  napi_value bytes_ = nullptr;  // used in the scope it was made in
};

}  // namespace

napi_value read(Call& call) {
  auto socket = call.socket(0);
  const double most = call.number(1, "max", 1, UINT32_MAX);
  return Instance::of(call.env).promise(std::make_shared<Read>(std::move(socket), static_cast<std::size_t>(most)));
}

}  // namespace hvsock
