#include <algorithm>
#include <vector>

#include "../functions.h"
#include "../stream/socket_win32.h"
#include "../system/failure.h"
#include "operations.h"

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

std::shared_ptr<Operation> reading(std::shared_ptr<Socket> socket, std::size_t most) {
  return std::make_shared<Read>(std::move(socket), most);
}

std::shared_ptr<Operation> peeking(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout) {
  return std::make_shared<Peek>(std::move(socket), known, most, timeout);
}

std::shared_ptr<Operation> writing(napi_env env, std::shared_ptr<Socket> socket, napi_value data) {
  // A copy: the system may still send from it after the array is gone.
  const Bytes bytes = bytesOf(env, "write", data);
  return std::make_shared<Write>(std::move(socket), std::vector<char>(bytes.data, bytes.data + bytes.length));
}

napi_value shutdown(Call& call) {
  const auto socket = call.socket(0);
  if (::shutdown(socket->fd(), SD_SEND) != 0) {
    const Failure failure = lastWinsock("shutdown");
    // The peer is gone, so nobody is left to notify.
    const bool gone = failure.number == WSAENOTCONN || failure.number == WSAECONNRESET || failure.number == WSAECONNABORTED;
    if (!gone) throw failure;
  }
  return undefined(call.env);
}

}  // namespace hvsock
