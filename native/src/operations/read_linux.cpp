#include <sys/socket.h>

#include <algorithm>

#include "operations.h"
#include "../stream/stream_linux.h"

namespace hvsock {
namespace {

constexpr std::size_t largestRead = std::size_t{256} * 1024;

class Read final : public SocketOperation {
 public:
  Read(std::shared_ptr<Socket> socket, std::size_t most)
      : SocketOperation("recv", std::move(socket), Use::read), most_(std::min(most, largestRead)) {}

  bool attempt(napi_env env) override {
    // Every environment's thread has one buffer to receive into; the bytes are copied once, to a buffer of the exact size.
    thread_local const std::unique_ptr<char[]> buffer(new char[largestRead]);
    ssize_t length;
    do {
      length = recv(fd(), buffer.get(), most_, MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    const int error = length < 0 ? receiveError(fd(), errno) : 0;
    if (error != 0 && error != EAGAIN) throw Failure{error, syscall, {}};
    if (error == EAGAIN) {
      wait = {{{fd(), POLLIN, 0}}};
      return false;
    }
    bytes_ = toBytes(env, buffer.get(), static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
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
