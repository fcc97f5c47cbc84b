#include <algorithm>
#include <vector>

#include "functions.h"
#include "socket_win32.h"

namespace hvsock {
namespace {

// A copy of the bytes of a Uint8Array, which the system may still send from when the array is gone; EINVAL for anything else.
std::vector<char> copyOf(napi_env env, const char* function, napi_value value) {
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  napi_typedarray_type type{};
  void* data = nullptr;
  std::size_t length = 0;
  if (typed) check(env, napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr));
  if (!typed || type != napi_uint8_array) reject(env, function, "data", "a Uint8Array", value);
  const char* from = static_cast<const char*>(data);
  return std::vector<char>(from, from + length);
}

class Write final : public Operation {
 public:
  Write(std::shared_ptr<Socket> socket, std::vector<char> bytes)
      : Operation("send"),
        claim_(std::move(socket), Use::write, syscall),
        bytes_(std::make_unique<std::vector<char>>(std::move(bytes))),
        channel_(WindowsSocket::of(claim_.socket()).channel()) {}

  ~Write() override {
    if (!sending_ || channel_->cancel()) return;
    // The system may still read from there: leave it to the process's end.
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

  std::shared_ptr<Socket> socket() const override { return claim_.socket(); }

 private:
  const Claim claim_;
  std::unique_ptr<std::vector<char>> bytes_;
  std::unique_ptr<Channel> channel_;
  bool sending_ = false;
  std::size_t sent_ = 0;
};

}  // namespace

napi_value write(Call& call) {
  auto socket = call.socket(0);
  auto bytes = copyOf(call.env, call.function, call.argument(1));
  return Instance::of(call.env).promise(std::make_shared<Write>(std::move(socket), std::move(bytes)));
}

}  // namespace hvsock
