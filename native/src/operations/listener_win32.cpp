#include "../stream/socket_win32.h"
#include "../system/failure.h"
#include "operations.h"

namespace hvsock {
namespace {

// Takes the next connection; a Descriptor that is not open if there is none yet.
Descriptor accepted(SOCKET listener) {
  for (;;) {
    sockaddr_storage from{};
    int size = sizeof from;
    Descriptor client(::accept(listener, reinterpret_cast<sockaddr*>(&from), &size));
    if (!client.isOpen()) {
      const int error = WSAGetLastError();
      if (error == WSAEWOULDBLOCK) return client;
      if (error != WSAECONNRESET) throw lastWinsock("accept");
      continue;  // the client is gone again
    }
    SetHandleInformation(reinterpret_cast<HANDLE>(client.get()), HANDLE_FLAG_INHERIT, 0);
    // It has the listener's event and its mode.
    u_long nonBlocking = 0;
    WSAEventSelect(client.get(), nullptr, 0);
    ioctlsocket(client.get(), FIONBIO, &nonBlocking);
    if (from.ss_family == AF_HYPERV) keepWhilePaused(client.get());
    const DWORD yes = 1;
    if (isInet(from.ss_family)) {
      setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, reinterpret_cast<const char*>(&yes), sizeof yes);
    }
    return client;
  }
}

class Accept final : public SocketOperation {
 public:
  explicit Accept(std::shared_ptr<Socket> listener)
      : SocketOperation("accept", std::move(listener), Use::read) {
    if (WSAEventSelect(fd(), ready_.handle(), FD_ACCEPT) != 0) throw lastWinsock("WSAEventSelect");
  }

  bool attempt(napi_env) override {
    ready_.clear();  // before accept, which sets it again if there are more
    Descriptor client = accepted(fd());
    if (!client.isOpen()) {
      wait = {ready_.handle(), never};
      return false;
    }
    client_ = std::make_shared<WindowsSocket>(std::move(client));
    return true;
  }

  napi_value result(napi_env env) override { return Handle::create(env, std::move(client_)); }

 private:
  Event ready_;
  std::shared_ptr<Socket> client_;
};

}  // namespace

Descriptor listeningOn(const SocketAddress& address, int backlog) {
  startWinsock();
  Descriptor socket(::socket(address.family(), SOCK_STREAM, streamProtocol(address.family())));
  if (!socket.isOpen()) throw lastWinsock("socket");
  SetHandleInformation(reinterpret_cast<HANDLE>(socket.get()), HANDLE_FLAG_INHERIT, 0);
  const DWORD yes = 1;
  // Otherwise another process could bind the same port with SO_REUSEADDR, and get the connections.
  if (isInet(address.family())) {
    setsockopt(socket.get(), SOL_SOCKET, SO_EXCLUSIVEADDRUSE, reinterpret_cast<const char*>(&yes), sizeof yes);
  }
  u_long nonBlocking = 1;
  if (ioctlsocket(socket.get(), FIONBIO, &nonBlocking) != 0) throw lastWinsock("ioctlsocket");
  if (bind(socket.get(), address.get(), address.length) != 0) throw lastWinsock("bind");
  if (::listen(socket.get(), backlog) != 0) throw lastWinsock("listen");
  return socket;
}

Descriptor adopted(int) {
  throw Failure{ENOSYS, "adoptListener", "a program on win32 is not started with sockets"};
}

std::shared_ptr<Operation> accepting(std::shared_ptr<Socket> listener) {
  return std::make_shared<Accept>(std::move(listener));
}

}  // namespace hvsock
