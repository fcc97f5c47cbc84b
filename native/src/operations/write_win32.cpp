#include <algorithm>
#include <vector>

#include "operations.h"
#include "../stream/socket_win32.h"

namespace hvsock {
namespace {

class Write final : public SocketOperation {
 public:
  Write(std::shared_ptr<Socket> socket, std::vector<char> bytes)
      : SocketOperation("send", std::move(socket), Use::write),
        bytes_(std::make_unique<std::vector<char>>(std::move(bytes))),
        channel_(WindowsSocket::of(SocketOperation::socket()).channel()) {}

  ~Write() override {
    if (!sending_ || channel_->cancel()) return;
    // The system may still read from it: keep it until the process ends.
    bytes_.release();
    channel_.release();
  }

  bool attempt(napi_env) override {
    while (sent_ < bytes_->size() || sending_) {
      if (!sending_) channel_->beginWrite(bytes_->data() + sent_, bytes_->size() - sent_);
      sending_ = true;
      const Outcome outcome = channel_->outcome();
      if (outcome.kind == Outcome::Kind::pending) {
        wait = {channel_->event()};
        return false;
      }
      sending_ = false;
      if (outcome.kind == Outcome::Kind::failed) throw Failure{outcome.error, syscall, {}};
      sent_ += outcome.length;
    }
    return true;
  }

  napi_value result(napi_env env) override { return undefined(env); }

 private:
  std::unique_ptr<std::vector<char>> bytes_;
  std::unique_ptr<Channel> channel_;
  bool sending_ = false;
  std::size_t sent_ = 0;
};

}  // namespace

std::shared_ptr<Operation> writing(napi_env env, std::shared_ptr<Socket> socket, napi_value data) {
  // A copy: the system may still send from it after the array is gone.
  const Bytes bytes = bytesOf(env, "write", data);
  return std::make_shared<Write>(std::move(socket), std::vector<char>(bytes.data, bytes.data + bytes.length));
}

}  // namespace hvsock
