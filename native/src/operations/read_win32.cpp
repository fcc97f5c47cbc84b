#include <algorithm>

#include "operations.h"
#include "../stream/socket_win32.h"

namespace hvsock {
namespace {

class Read final : public SocketOperation {
 public:
  Read(std::shared_ptr<Socket> socket, std::size_t most)
      : SocketOperation("recv", std::move(socket), Use::read), most_(most) {}

  bool attempt(napi_env env) override {
    Intake& received = *WindowsSocket::of(socket()).received;
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

 private:
  const std::size_t most_;
  napi_value bytes_ = nullptr;  // used in the scope it was made in
};

}  // namespace

std::shared_ptr<Operation> reading(std::shared_ptr<Socket> socket, std::size_t most) {
  return std::make_shared<Read>(std::move(socket), most);
}

}  // namespace hvsock
