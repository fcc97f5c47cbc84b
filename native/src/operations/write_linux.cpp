#include <sys/socket.h>

#include <algorithm>

#include "operations.h"

namespace hvsock {
namespace {

constexpr std::size_t turn = std::size_t{4} * 1024 * 1024;  // then it is the event loop's turn

// Keeps a JavaScript value from the garbage collector.
class Reference {
 public:
  Reference(napi_env env, napi_value value) : env_(env) {
    check(env, napi_create_reference(env, value, 1, &reference_));
  }
  ~Reference() { napi_delete_reference(env_, reference_); }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;

  napi_value value() const {
    napi_value value = nullptr;
    check(env_, napi_get_reference_value(env_, reference_, &value));
    return value;
  }

 private:
  const napi_env env_;
  napi_ref reference_ = nullptr;
};

class Write final : public SocketOperation {
 public:
  Write(napi_env env, std::shared_ptr<Socket> socket, napi_value data)
      : SocketOperation("send", std::move(socket), Use::write), data_(env, data) {}

  bool attempt(napi_env env) override {
    // Fetched each time: the owner may have detached the buffer in between.
    const Bytes bytes = bytesOf(env, syscall, data_.value());
    if (bytes.length < sent_) throw Failure{EINVAL, syscall, "data shrank while it was being sent"};
    const std::size_t end = std::min(bytes.length, sent_ + turn);
    while (sent_ < end) {
      const ssize_t sent =
          send(fd(), bytes.data + sent_, end - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0) {
        sent_ += static_cast<std::size_t>(sent);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        throw Failure::last(syscall);
      }
    }
    wait = {{{fd(), POLLOUT, 0}}};
    return sent_ == bytes.length;
  }

  napi_value result(napi_env env) override { return undefined(env); }

 private:
  const Reference data_;
  std::size_t sent_ = 0;
};

}  // namespace

std::shared_ptr<Operation> writing(napi_env env, std::shared_ptr<Socket> socket, napi_value data) {
  return std::make_shared<Write>(env, std::move(socket), data);
}

}  // namespace hvsock
