#include <algorithm>

#include "../system/failure.h"
#include "../stream/socket_win32.h"
#include "operations.h"

namespace hvsock {
namespace {

static_assert(HVSOCKET_CONNECT_TIMEOUT == 1);
static_assert(HVSOCKET_CONNECT_TIMEOUT_MAX == 300000);

// If the option is unknown, the system's default applies: a connect ends after 2 s.
void setHyperVOptions(SOCKET socket, double timeout) {
  const ULONG milliseconds = static_cast<ULONG>(std::min<double>(timeout, HVSOCKET_CONNECT_TIMEOUT_MAX));
  setsockopt(socket, HV_PROTOCOL_RAW, HVSOCKET_CONNECT_TIMEOUT, reinterpret_cast<const char*>(&milliseconds),
             sizeof milliseconds);
  keepWhilePaused(socket);
}

std::shared_ptr<WindowsSocket> open(int family, double timeout) {
  startWinsock();
  Descriptor socket(::socket(family, SOCK_STREAM, streamProtocol(family)));
  if (!socket.isOpen()) throw lastWinsock("socket");
  SetHandleInformation(reinterpret_cast<HANDLE>(socket.get()), HANDLE_FLAG_INHERIT, 0);
  if (family == AF_HYPERV) setHyperVOptions(socket.get(), timeout);
  if (isInet(family)) {
    const DWORD yes = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&yes), sizeof yes);
  }
  return std::make_shared<WindowsSocket>(std::move(socket));
}

// Shared with the thread that connects: connect() blocks, but needs no bind before as ConnectEx does.
struct Work {
  SocketAddress address;
  std::shared_ptr<WindowsSocket> socket;
  Event finished;
  int error = 0;  // read once `finished` is set
};

void run(Work& work) {
  if (::connect(work.socket->fd(), work.address.get(), work.address.length) != 0) work.error = WSAGetLastError();
  work.finished.set();
}

class Connect final : public Operation {
 public:
  Connect(const SocketAddress& address, double timeout) : Operation("connect"), timeout_(timeout), work_(std::make_shared<Work>()) {
    work_->address = address;
    wait = {work_->finished.handle(), after(timeout)};
  }

  bool attempt(napi_env) override {
    if (!work_->socket) {
      work_->socket = open(work_->address.family(), timeout_);
      Thread::detached([work = work_] { run(*work); });
    }
    if (work_->finished.wait(0)) {
      if (work_->error != 0) throw Failure{work_->error, syscall, {}};
      return true;
    }
    if (Clock::now() < wait.until) return false;
    canceled();
    throw Failure{ETIMEDOUT, syscall, {}};
  }

  napi_value result(napi_env env) override { return Handle::create(env, std::move(work_->socket)); }

  // The thread closes the socket once connect is back.
  void canceled() override {
    if (work_->socket) CancelIoEx(reinterpret_cast<HANDLE>(work_->socket->fd()), nullptr);
  }

  std::shared_ptr<Socket> socket() const override { return work_->socket; }

 private:
  const double timeout_;
  const std::shared_ptr<Work> work_;
};

}  // namespace

void startWinsock() {
  static const int error = [] {
    WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data);
  }();
  if (error != 0) throw Failure{error, "WSAStartup", {}};
}

std::shared_ptr<Operation> connecting(const SocketAddress& address, double timeout) {
  return std::make_shared<Connect>(address, timeout);
}

}  // namespace hvsock
