#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "../functions.h"
#include "../stream/stream_linux.h"
#include "operations.h"

namespace hvsock {
namespace {

// Like recv, without blocking; nothing if nothing is there yet. Throws.
std::optional<std::size_t> received(int fd, char* to, std::size_t most, int flags) {
  ssize_t length;
  do {
    length = recv(fd, to, most, flags | MSG_DONTWAIT);
  } while (length < 0 && errno == EINTR);
  const int error = length < 0 ? receiveError(fd, errno) : 0;
  if (error == EAGAIN) return std::nullopt;
  if (error != 0) throw Failure{error, "recv", {}};
  return static_cast<std::size_t>(std::max<ssize_t>(length, 0));
}

constexpr std::size_t largestRead = std::size_t{256} * 1024;

class Read final : public SocketOperation {
 public:
  Read(std::shared_ptr<Socket> socket, std::size_t most)
      : SocketOperation("recv", std::move(socket), Use::read), most_(std::min(most, largestRead)) {}

  bool attempt(napi_env env) override {
    // Every environment's thread has one buffer to receive into; the bytes are copied once, to a buffer of the exact size.
    thread_local const std::unique_ptr<char[]> buffer(new char[largestRead]);
    const auto length = received(fd(), buffer.get(), most_, 0);
    if (length) {
      bytes_ = toBytes(env, buffer.get(), *length);
    } else {
      wait = {{{fd(), POLLIN, 0}}};
    }
    return length.has_value();
  }

  napi_value result(napi_env) override { return bytes_; }

 private:
  const std::size_t most_;
  napi_value bytes_ = nullptr;  // used in the scope it was made in
};

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
    const auto length = received(end.fd, buffer_.data(), buffer_.size(), MSG_PEEK);
    length_ = length.value_or(0);
    const bool enough = length_ > known_ || length_ == buffer_.size();
    if (ended || enough || length == std::size_t{0} || Clock::now() >= deadline_) return true;
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

std::shared_ptr<Operation> reading(std::shared_ptr<Socket> socket, std::size_t most) {
  return std::make_shared<Read>(std::move(socket), most);
}

std::shared_ptr<Operation> peeking(std::shared_ptr<Socket> socket, std::size_t known, std::size_t most, double timeout) {
  return std::make_shared<Peek>(std::move(socket), known, most, timeout);
}

std::shared_ptr<Operation> writing(napi_env env, std::shared_ptr<Socket> socket, napi_value data) {
  return std::make_shared<Write>(env, std::move(socket), data);
}

napi_value shutdown(Call& call) {
  const auto socket = call.socket(0);
  // ENOTCONN: the peer is gone, so nobody is left to notify.
  if (::shutdown(socket->fd(), SHUT_WR) != 0 && errno != ENOTCONN) throw Failure::last("shutdown");
  return undefined(call.env);
}

}  // namespace hvsock
